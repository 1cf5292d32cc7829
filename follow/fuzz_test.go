package follow

import (
	"cmp"
	"encoding/json"
	"hash/fnv"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// A record of a message that was set aside holds a message or is refused with a
// code; what was read is written so that it stays under its key.
func FuzzParkedRecord(f *testing.F) {
	for _, seed := range []string{
		`{"message":{"id":"0198c5c2-7b1e-7000-8000-0123456789ab","log":"order/outbox","epoch":1,"seq":7,"key":"customer/17850","type":"order.confirmed","version":1,"time":"2026-03-01T12:00:00.000001Z","causation":"","data":"e30="},"code":"invalid","error":"no such customer","attempts":3,"first":"2026-03-01T12:00:00Z","last":"2026-03-01T12:01:00Z","queued":2}`,
		`{"message":{"key":"\ud800/%2F"}}`, `{"message":null}`, `{}`, `null`, ``, `{"message":[]}`, `{"message":{"seq":1e30}}`, `{"message":{},"queued":-1,"first":"0000-01-01T00:00:00Z"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := decode(store.Record{Key: "a", Data: data})
		if err != nil {
			if bailiwick.CodeOf(err) != bailiwick.Internal {
				t.Fatalf("%q is refused with %v", data, err)
			}
			return
		}
		r := p.record("follow.parked/order/outbox", StateRetry, time.Time{}, 1)
		again, err := decode(r)
		if err != nil {
			t.Fatalf("%q is written as %q: %v", data, r.Data, err)
		}
		if r2 := again.record(r.Kind, r.State, r.Due, r.Version); r2.Key != r.Key || string(r2.Data) != string(r.Data) {
			t.Fatalf("%q is written as %s, %s, then as %s, %s", data, r.Key, r.Data, r2.Key, r2.Data)
		}
		if !strings.HasPrefix(r.Key, keyPrefix(p.Message.Key)) {
			t.Fatalf("the key %q is not found under %q", r.Key, keyPrefix(p.Message.Key))
		}
	})
}

// No key's records are found under another key, whatever the keys are.
func FuzzKeyPrefix(f *testing.F) {
	f.Add("customer/17850", "customer")
	f.Add("a", "a/")
	f.Add("a/", "a%2F")
	f.Add("a%2F", "a%252F")
	f.Add("", "/")
	f.Add("\xff", "é")
	f.Add("a b", "a+b")
	f.Add(".", "..")
	f.Fuzz(func(t *testing.T, a, b string) {
		one, two := keyPrefix(a), keyPrefix(b)
		if a != b && (strings.HasPrefix(one, two) || strings.HasPrefix(two, one)) {
			t.Fatalf("the keys %q and %q are both under %q", a, b, one)
		}
		if back, err := url.PathUnescape(strings.TrimSuffix(one, "/")); err != nil || back != a {
			t.Fatalf("%q becomes %q, %v", a, back, err)
		}
	})
}

// A message goes through the record that sets it aside unchanged. Keys are UTF-8:
// store.Complete lets no other in.
func FuzzSetAside(f *testing.F) {
	f.Add("customer/17850", "order.confirmed", int64(1), int64(7), []byte(`{"lines":[]}`), int64(1772366400000001))
	f.Add("\x00", "é\u2028<&>", int64(9_999_999_999), int64(9223372036854775807), []byte("\xff\x00"), int64(-62135596800000000))
	f.Add("�", "", int64(0), int64(0), []byte(nil), int64(253402300799999999))
	f.Fuzz(func(t *testing.T, key, kind string, epoch, seq int64, data []byte, micros int64) {
		at := time.UnixMicro(micros).UTC()
		if key != strings.ToValidUTF8(key, "") || kind != strings.ToValidUTF8(kind, "") || at.Year() < 0 || at.Year() > 9999 {
			return
		}
		m := &bailiwick.Message{Log: "order/outbox", Key: key, Type: kind, Epoch: epoch, Seq: seq, Version: 1, Time: at, Data: data}
		p, err := decode(parked{Message: m}.record("kind", StateQueued, time.Time{}, 0))
		if err != nil {
			t.Fatal(err)
		}
		before, _ := json.Marshal(m)
		after, _ := json.Marshal(p.Message)
		if string(before) != string(after) || p.Message.Key != key || p.Message.Type != kind || !p.Message.Time.Equal(at) || string(p.Message.Data) != string(data) {
			t.Fatalf("%s becomes %s", before, after)
		}
	})
}

// Messages of one key that are set aside sort like their positions. Epochs count
// what happened to a database: ten digits are enough.
func TestSetAsideInOrder(t *testing.T) {
	position := rapid.Custom(func(t *rapid.T) bailiwick.Position {
		return bailiwick.Position{Epoch: rapid.Int64Range(0, 9_999_999_999).Draw(t, "epoch"), Seq: rapid.Int64Min(0).Draw(t, "seq")}
	})
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.String().Draw(t, "key")
		a, b := position.Draw(t, "a"), position.Draw(t, "b")
		if rapid.Bool().Draw(t, "one epoch") {
			b.Epoch = a.Epoch
		}
		place := func(p bailiwick.Position) string {
			return parked{Message: &bailiwick.Message{Key: key, Epoch: p.Epoch, Seq: p.Seq}}.record("kind", StateQueued, time.Time{}, 0).Key
		}
		want := cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Seq, b.Seq))
		if got := strings.Compare(place(a), place(b)); got != want {
			t.Fatalf("%s and %s stand at %q and %q", a, b, place(a), place(b))
		}
	})
}

// Every key has one lane of those that there are, for ever: that which FNV-1a says.
// Of many keys, every lane has some.
func TestKeysHaveOneLaneForEver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lanes := rapid.IntRange(1, 64).Draw(t, "lanes")
		key := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "key")
		h := fnv.New32a()
		h.Write([]byte(key))
		if got, want := slot(key, lanes), int(h.Sum32()%uint32(lanes)); got != want {
			t.Fatalf("of %d lanes, %q has %d, not %d", lanes, key, got, want)
		}
		used := map[int]bool{}
		for i := range 40 * lanes {
			used[slot(key+string(rune('0'+i)), lanes)] = true
		}
		if len(used) != lanes {
			t.Fatalf("keys like %q use %d of %d lanes", key, len(used), lanes)
		}
	})
}
