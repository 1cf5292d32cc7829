package saga

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bailiwick/bailiwick"
)

// A command is understood whole or refused as poison: it would be refused for ever.
func FuzzCommand(f *testing.F) {
	for _, seed := range []string{
		`{"saga":"place-order","id":"0198c5c2-7b1e-7000-8000-0123456789ab","step":"reserve","op":"do","reply_to":"order.saga.reply","data":{"lines":[{"code":"85123A","quantity":6}]}}`,
		`{"saga":"s","id":"1","step":"x","op":"undo","reply_to":"r","data":null}`, `{"id":"1","step":"x","op":"do","reply_to":"r"}`, `{"id":"","step":"x","op":"do","reply_to":"r","data":{}}`,
		`{"id":"1","step":"x","op":"done","reply_to":"r","data":{}}`, `{"id":"1","step":"x","op":"do","reply_to":"r","data":[1]}`, `{"ID":"1","Step":"x","OP":"do","reply_to":"r","data": {} }`,
		`null`, `[]`, `7`, ``, `{`, `{"id":1}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, op := range []string{opDo, opUndo} {
			c, _, err := readCommand[struct{ Lines []struct{ Code string } }](&bailiwick.Message{Type: "inventory.reserve", Data: data}, op)
			if err != nil {
				if bailiwick.CodeOf(err) != bailiwick.Poison || c != nil {
					t.Fatalf("%q: %+v, %v", data, c, err)
				}
				continue
			}
			if c.ID == "" || c.Step == "" || c.ReplyTo == "" || c.Op != op {
				t.Fatalf("%q is understood as %+v", data, c)
			}
			stable[wireCommand](t, data)
		}
	})
}

// What the orchestrator, the barrier and the records of sagas read as JSON is
// written so that it is read alike again.
func FuzzStored(f *testing.F) {
	for _, seed := range []string{
		`{"saga":"place-order","id":"1","step":"reserve","op":"do","outcome":"done","data":{"reservation":"r1"}}`,
		`{"saga":"place-order","id":"1","step":"pay","op":"do","outcome":"rejected","reason":"no-money","detail":"12.50 are missing"}`,
		`{"outcome":"late"}`, `{"outcome":"done","data":null}`, `{"outcome":"done","data": [1 , "<&>\u2028"] }`,
		`{"name":"place-order","key":"customer/17850","state":{"lines":[1]},"phase":"running","step":"reserve","op":"do","started":1772366400000001,"log":[{"step":"reserve","op":"do","attempts":1,"begun":1772366400000001}]}`,
		`{"name":"place-order","key":"k","state":null,"phase":"compensating","why":{"reason":"out-of-stock"},"parked":"no answer","started":0,"ended":-1,"log":null}`,
		`{"state":1e400,"log":[{}],"why":null}`, `{"reason":"\ud800"}`, `{"started":9223372036854775808}`, `null`, `[]`, ``} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		stable[wireReply](t, data)
		stable[answer](t, data)
		stable[document](t, data)
	})
}

// stable makes sure that what can be read can be written, and that a second
// reading and writing changes nothing.
func stable[T any](t *testing.T, data []byte) {
	t.Helper()
	var one, two T
	if json.Unmarshal(data, &one) != nil {
		return
	}
	first, err := json.Marshal(one)
	if err != nil {
		t.Fatalf("%q was read as %+v and cannot be written: %v", data, one, err)
	}
	if err := json.Unmarshal(first, &two); err != nil {
		t.Fatalf("%q was written as %s: %v", data, first, err)
	}
	if second, err := json.Marshal(two); err != nil || !bytes.Equal(first, second) {
		t.Fatalf("%q was written as %s, then as %s, %v", data, first, second, err)
	}
}

// Two operations have two places in the barrier, however names and ids are alike.
func TestBarrierKeysAreInjective(t *testing.T) {
	name := rapid.StringMatching(`[0x._-]{1,3}`)
	operation := rapid.Custom(func(t *rapid.T) [5]string {
		return [5]string{name.Draw(t, "owner"), name.Draw(t, "saga"), name.Draw(t, "id"), name.Draw(t, "step"), rapid.SampledFrom([]string{opDo, opUndo}).Draw(t, "op")}
	})
	key := func(o [5]string) string {
		c := wireCommand{ReplyTo: replyType(o[0]), Saga: o[1], ID: o[2], Step: o[3]}
		return c.barrierKey(o[4])
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := operation.Draw(t, "a"), operation.Draw(t, "b")
		if rapid.Bool().Draw(t, "moved") { // one character from the end of one part to the begin of the next
			i := rapid.IntRange(1, 2).Draw(t, "part")
			b = a
			b[i], b[i+1] = a[i]+a[i+1][:1], a[i+1][1:]
			if b[i+1] == "" {
				return
			}
		}
		for _, part := range [...]string{a[1], a[2], a[3], b[1], b[2], b[3]} {
			if !named.MatchString(part) {
				t.Fatalf("%q is no name", part)
			}
		}
		if (a == b) != (key(a) == key(b)) {
			t.Fatalf("%q and %q have the places %s and %s", a, b, key(a), key(b))
		}
	})
	if named.MatchString(strings.Join([]string{"a", "b"}, "/")) {
		t.Error("a name may hold what separates names")
	}
}
