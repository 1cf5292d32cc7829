package simulation

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// judge holds what everybody has written against what was asked.
func (w *world) judge() []string {
	j := &judgement{w: w}
	for _, check := range []func(){j.logs, j.accounts, j.requests, j.ledgers, j.transfers, j.order, j.halts} {
		check()
	}
	return j.found
}

// judgement gathers what is not as it should be.
type judgement struct {
	w     *world
	found []string
}

func (j *judgement) say(format string, args ...any) {
	j.found = append(j.found, fmt.Sprintf(format, args...))
}

func (w *world) service(name string) *service {
	i := slices.IndexFunc(w.services, func(v *service) bool { return v.name == name })
	if i < 0 {
		return nil
	}
	return w.services[i]
}

// logs: the places in a log are gapless.
func (j *judgement) logs() {
	for _, v := range j.w.services {
		list := v.disk.Messages()
		head, _ := v.disk.Head()
		if int64(len(list)) != head {
			j.say("the log of %s has %d messages and the head %d", v.name, len(list), head)
		}
		seen := map[bailiwick.ID]bool{}
		for i, m := range list {
			if m.Seq != int64(i+1) || seen[m.ID] {
				j.say("message %d of %s stands at %d, or twice", i+1, v.name, m.Seq)
			}
			seen[m.ID] = true
		}
	}
}

// moves are the moves that a log tells of, by account and in its order.
func moves(list []bailiwick.Message) map[string][]moved {
	all := map[string][]moved{}
	for _, m := range list {
		if m.Type == "wallet.moved" {
			var data moved
			if err := json.Unmarshal(m.Data, &data); err != nil {
				panic(err)
			}
			all[m.Key] = append(all[m.Key], data)
		}
	}
	return all
}

// accounts: each move was told of once, in the order in which it was made, and the
// balance is the sum of what was told. A change without its message shows here, and a
// message without its change.
func (j *judgement) accounts() {
	wallet := j.w.service("wallet")
	told := moves(wallet.disk.Messages())
	for key, r := range wallet.disk.Records("account") {
		var a account
		if err := json.Unmarshal(r.Data, &a); err != nil {
			panic(err)
		}
		sum := int64(opening)
		for i, m := range told[key] {
			if m.N != int64(i+1) {
				j.say("move %d of account %s is told of in place %d", m.N, key, i+1)
			}
			sum += m.Delta
		}
		if a.Balance != sum || a.N != int64(len(told[key])) || a.Balance < 0 {
			j.say("account %s holds %d after %d moves; %d are told of, with which it would hold %d", key, a.Balance, a.N, len(told[key]), sum)
		}
	}
}

// requests: what was accepted happened once, what was refused did not, and who asked
// again was told the same. What a restored disk has forgotten may not have happened.
func (j *judgement) requests() {
	times := map[string]int{}
	for _, list := range moves(j.w.service("wallet").disk.Messages()) {
		for _, m := range list {
			times[m.Of]++
		}
	}
	forgot, _ := j.restored("wallet")
	for _, list := range j.w.plan.clients {
		for _, q := range list {
			reply, n := j.w.answers[q.key], times[q.key]
			switch {
			case q.to != "" && reply == begun, q.to == "" && reply == done && n == 1, q.to == "" && reply == refused && n == 0:
			case reply == done && n == 0 && forgot:
			default:
				j.say("request %s was answered %q, and done %d times", q.key, reply, n)
			}
		}
	}
}

// ledgers: what was booked is what was told of, once and in its order, as far as each
// lane has come; and of a log that lost messages, what it told of before.
func (j *judgement) ledgers() {
	v := j.w.service("ledger")
	if v == nil {
		return
	}
	wallet := j.w.service("wallet")
	want := map[string]string{}
	for _, at := range v.disk.Positions() {
		if at.Lane >= at.Lanes {
			continue // left over from when there were more
		}
		list := wallet.disk.Messages()
		if lost := j.w.lostTo(wallet, at); lost != nil {
			list = lost.before
		}
		for key, told := range moves(list[:min(at.Seq, int64(len(list)))]) {
			if slot(key, at.Lanes) != at.Lane {
				continue
			}
			for _, m := range told {
				want[key] += fmt.Sprintf("%d:%d ", m.N, m.Delta)
			}
		}
	}
	got := map[string]string{}
	for key, r := range v.disk.Records("entries") {
		got[key] = r.State
	}
	for _, r := range v.disk.Records(parkedKind + store.LogName("wallet")) {
		if v.halted["wallet"] != "" || j.w.beyond(v, wallet) {
			return // what is set aside waits for a follower that halted
		}
		j.say("%s is set aside", r.Key)
	}
	if !maps.Equal(got, want) {
		j.say("the ledger has booked %v, and was told of %v", got, want)
	}
}

// slot is the lane of a key, by the hash that package follow promises.
func slot(key string, lanes int) int {
	h := fnv.New32a()
	h.Write([]byte(key))
	return int(h.Sum32() % uint32(lanes))
}

// transfers: each has one saga, which did all its steps once, or took
// back what it did.
func (j *judgement) transfers() {
	order := j.w.service("order")
	if order == nil {
		return
	}
	wallet, payout := j.w.service("wallet").disk.Records("did"), j.w.service("payout").disk.Records("did")
	decided, sagas := order.disk.Records("did"), order.disk.Records("saga")
	for _, list := range j.w.plan.clients {
		for _, q := range list {
			if q.to == "" {
				continue
			}
			state := sagas[q.key].State
			did := decided[q.key].State + " " + wallet[q.key].State + " " + payout[q.key].State
			switch {
			case state == saga.Completed && did == "D WP R":
			case state == saga.Compensated && slices.Contains([]string{"  ", " WU ", " WU RC"}, did):
			default:
				j.say("transfer %s ended %s and did %q", q.key, state, did)
			}
		}
	}
}

// order: steps are taken back last to first.
func (j *judgement) order() {
	order := j.w.service("order")
	if order == nil {
		return
	}
	refunded := map[string]bool{}
	for _, m := range order.disk.Messages() {
		switch {
		case m.Type == "wallet.refund":
			refunded[m.Correlation] = true
		case m.Type == "payout.cancel" && refunded[m.Correlation]:
			j.say("transfer %s took its first step back before its second", m.Correlation)
		}
	}
}

// halts: a follower gives up where its log has lost what it saw, or where it was put
// back itself to where the log was trimmed, and nowhere else.
func (j *judgement) halts() {
	for _, v := range j.w.services {
		back, _ := j.restored(v.name)
		for from, code := range v.halted {
			_, lost := j.restored(from)
			if !(code == bailiwick.Forked && lost || code == bailiwick.Gone && j.w.plan.trim && back) {
				j.say("%s gave up following %s: %s", v.name, from, code)
			}
		}
	}
}

// restored says whether a service's disk was put back, and whether its log lost
// messages by that.
func (j *judgement) restored(name string) (back, lost bool) {
	for _, f := range j.w.forks {
		if f.service.name == name {
			back, lost = true, lost || int64(len(f.before)) > f.fork.Seq
		}
	}
	return back, lost
}
