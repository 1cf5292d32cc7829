package bailiwick

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Whatever text comes, it is an id or refused; what is an id is written as it was
// read, in lower case.
func FuzzParseID(f *testing.F) {
	for _, seed := range []string{"", "0198c5c2-7b1e-7000-8000-0123456789ab", "0198C5C2-7B1E-7000-8000-0123456789AB",
		"00000000-0000-0000-0000-000000000000", "0198c5c27b1e700080000123456789ab", "{0198c5c2-7b1e-7000-8000-0123456789ab}",
		"0198c5c2-7b1e-7000-8000-0123456789ag", "0198c5c2--7b1e700-8000-0123456789ab", strings.Repeat("é", 18)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := ParseID(text)
		if err != nil {
			if !id.IsZero() {
				t.Fatalf("%q is refused, and is %s", text, id)
			}
			return
		}
		if id.String() != strings.ToLower(text) {
			t.Fatalf("%q is written as %s", text, id)
		}
		var again ID
		written, _ := id.MarshalText()
		if err := again.UnmarshalText(written); err != nil || again != id {
			t.Fatalf("%q is read as %s, %v", written, again, err)
		}
	})
}

// A message that could be read from JSON can be written, and comes back as it was:
// a follower that sets one aside keeps it like that.
func FuzzMessage(f *testing.F) {
	for _, seed := range []string{
		`{"id":"0198c5c2-7b1e-7000-8000-0123456789ab","log":"order/outbox","epoch":1,"seq":7,"key":"customer/17850","type":"order.confirmed","version":1,"time":"2026-03-01T12:00:00.000001Z","causation":"","data":"e30="}`,
		`{"id":"","epoch":-1,"seq":9223372036854775807,"key":"\ud800","time":"0000-01-01T00:00:00+23:59","causation":"00000000-0000-0000-0000-000000000000","data":null}`,
		`{"time":"9999-12-31T23:59:59.999999999-23:59"}`, `{"time":"2026-02-30T00:00:00Z"}`, `{"id":1}`, `{"seq":1e3}`, `null`, `[]`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var m, again Message
		if json.Unmarshal(text, &m) != nil {
			return
		}
		first, err := json.Marshal(&m)
		if err != nil {
			t.Fatalf("%s was read and cannot be written: %v", text, err)
		}
		if err := json.Unmarshal(first, &again); err != nil {
			t.Fatalf("%s was written and cannot be read: %v", first, err)
		}
		if second, err := json.Marshal(&again); err != nil || string(second) != string(first) {
			t.Fatalf("%s becomes %s, %v", first, second, err)
		}
		if !again.Time.Equal(m.Time) || again.ID != m.ID || again.Key != m.Key || again.Position() != m.Position() {
			t.Fatalf("%+v becomes %+v", m, again)
		}
	})
}

// What a decoder refused does not get into a log line, however often it was wrapped.
func FuzzLoggable(f *testing.F) {
	for _, seed := range []string{"", "12.50", "99999999999999999999", "\"quoted\"", "two\nlines", "\x00", "{", "é"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, tail string) {
		const mark = "4929123456781234"
		secret := mark + tail
		_, number := strconv.ParseInt(secret, 10, 64)
		_, moment := time.Parse(time.RFC3339, secret)
		quoted, _ := json.Marshal(secret)
		var card struct{ Number int8 }
		decoded := json.Unmarshal([]byte(`{"Number":`+string(quoted)+`}`), &card)
		large := json.Unmarshal([]byte(`{"Number":`+mark+`}`), &card)
		for _, err := range []error{number, moment, decoded, large} {
			err = fmt.Errorf("read the card: %w", errors.Join(err, errors.New("and more")))
			if text := Loggable(err); strings.Contains(text, mark) {
				t.Fatalf("a log line would say %q", text)
			}
		}
	})
}
