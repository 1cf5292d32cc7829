package simulation

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// A plan is what a seed decides before anything runs.
type plan struct {
	seed    uint64
	sagas   bool            // transfers, or moves of single accounts alone
	ledger  bool            // whether somebody follows the wallet besides
	lanes   int             // of the ledger
	many    map[string]bool // services whose database has many writers
	two     map[string]bool // those that run twice
	late    string          // a service that is not there before all is mended; none if empty
	batch   int
	ring    int  // bytes of recent messages that a process remembers
	trim    bool // whether logs are trimmed
	grain   time.Duration
	storm   int // decisions before everything is mended
	clients [][]request
	faults  []fault
}

// A request is what a client asks for: a move of one account, or a transfer if it
// names another.
type request struct {
	key      string
	from, to string
	amount   int64
	late     bool // it comes after the storm
}

var accounts = []string{"a", "b", "c"}

// opening is what every account holds at first.
const opening = 100

func newPlan(c Case) plan {
	r := rand.New(rand.NewPCG(c.Seed, 1))
	one := func(n int) bool { return r.IntN(n) == 0 }
	p := plan{seed: c.Seed, sagas: !one(3), lanes: 1 + r.IntN(2), many: map[string]bool{}, two: map[string]bool{},
		batch: []int{1, 2, 256}[r.IntN(3)], grain: []time.Duration{50, 250, 1000}[r.IntN(3)] * time.Millisecond, storm: 40 + r.IntN(120), ring: r.IntN(2) << 20, trim: one(2)}
	p.ledger = !p.sagas || one(2)
	for _, name := range p.services() {
		p.many[name] = one(2)
		p.two[name] = p.many[name] && one(2)
	}
	if one(8) {
		p.late = p.services()[r.IntN(len(p.services()))]
	}
	n := 0
	for range 1 + r.IntN(3) {
		p.clients = append(p.clients, p.requests(r, &n, 1+r.IntN(2)))
	}
	for range r.IntN(7) {
		p.faults = append(p.faults, fault{at: int64(r.IntN(p.storm)), kind: kinds[r.IntN(len(kinds))], pick: r.Uint64()})
	}
	if !p.sagas && one(3) { // what a participant of sagas forgets is not the log's to mend
		back := fault{at: int64(r.IntN(p.storm)), kind: restore, pick: r.Uint64()}
		p.faults = append(p.faults, fault{at: back.at / int64(1+r.IntN(4)), kind: backup, pick: back.pick}, back)
		late := p.requests(r, &n, 2+r.IntN(4))
		for i := range late {
			late[i].late = true
		}
		p.clients = append(p.clients, late)
	}
	if c.Only != nil {
		var only []fault
		for _, n := range c.Only {
			if n < len(p.faults) {
				only = append(only, p.faults[n])
			}
		}
		p.faults = only
	}
	return p
}

// requests draws what one client asks for; n counts all.
func (p *plan) requests(r *rand.Rand, n *int, most int) (list []request) {
	for range most {
		*n++
		q := request{key: "r" + strconv.Itoa(*n), from: accounts[r.IntN(len(accounts))], amount: int64(1 + r.IntN(70))}
		switch {
		case p.sagas && r.IntN(4) > 0:
			q.to = accounts[r.IntN(len(accounts))]
		case r.IntN(2) == 0:
			q.amount = -q.amount
		}
		list = append(list, q)
	}
	return list
}

// services are those that take part.
func (p *plan) services() []string {
	switch {
	case p.sagas && p.ledger:
		return []string{"order", "wallet", "payout", "ledger"}
	case p.sagas:
		return []string{"order", "wallet", "payout"}
	}
	return []string{"wallet", "ledger"}
}
