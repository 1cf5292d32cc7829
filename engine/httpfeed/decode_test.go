package httpfeed

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/bailiwick/bailiwick"
)

// anyMessage draws messages with texts that need escapes and data of all kinds.
var anyMessage = rapid.Custom(func(t *rapid.T) *bailiwick.Message {
	id := func(name string) (id bailiwick.ID) {
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, name))
		id[15] |= 1
		return id
	}
	text := func(name string) string {
		return rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune(`a"\{}[],:é 	`)))).Draw(t, name)
	}
	m := &bailiwick.Message{ID: id("id"), Log: "order/outbox", Epoch: rapid.Int64Range(1, 9).Draw(t, "epoch"), Seq: rapid.Int64Min(1).Draw(t, "seq"),
		Key: text("key"), Type: text("type"), Version: rapid.IntRange(0, 99999).Draw(t, "version"), Correlation: text("correlation"), Trace: text("trace"),
		Time: time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "time")).UTC()}
	if rapid.Bool().Draw(t, "caused") {
		m.Causation = id("causation")
	}
	m.Data = []byte(rapid.OneOf(
		rapid.SampledFrom([]string{``, `{}`, `[]`, `7`, `null`, `"}"`, `{"a":"\\","b":[{"c":"]}\""}]}`, `no JSON`, `{"a":`, `"` + "\xff" + `"`}),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		rapid.Map(rapid.String(), func(s string) string { return string(appendText(nil, s)) }),
	).Draw(t, "data"))
	if len(m.Data) == 0 {
		m.Data = nil
	}
	return m
})

func encode(list []*bailiwick.Message) []byte {
	a := newAnswer()
	for _, m := range list {
		a.add(m, 1<<30)
	}
	return append(a.body, ']')
}

// Whatever is written is read as it was, the short way and the long one.
func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(anyMessage, 1, 5).Draw(t, "messages")
		body := encode(list)
		if !utf8.Valid(body) || !json.Valid(body) {
			t.Fatalf("no JSON: %q", body)
		}
		long, err := decodeAny(body)
		if err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		short, err := decode(body)
		if err != nil || !reflect.DeepEqual(short, long) {
			t.Fatalf("two readings of %s: %v", body, err)
		}
		for i, m := range list {
			got := *long[i]
			// White space around JSON is not kept.
			got.Data, m.Data = []byte(strings.TrimSpace(string(got.Data))), []byte(strings.TrimSpace(string(m.Data)))
			if !reflect.DeepEqual(&got, m) {
				t.Fatalf("\nread  %+v\nwrote %+v\nas %s", got, *m, body)
			}
		}
	})
}

// The short way is taken for what this package writes, and for nothing else.
func TestShortWay(t *testing.T) {
	m := sample()
	body := encode([]*bailiwick.Message{m, m})
	if list, ok := scan(body); !ok || len(list) != 2 || !reflect.DeepEqual(list[1], m) {
		t.Fatalf("%v %+v", ok, list)
	}
	for cut := range body {
		if _, ok := scan(body[:cut]); ok {
			t.Fatalf("it believes %s", body[:cut])
		}
		if _, err := decode(body[:cut]); err == nil {
			t.Fatalf("read without an error: %s", body[:cut])
		}
	}
	spaced := []byte(strings.ReplaceAll(string(body), `,"source"`, `, "source"`))
	if _, ok := scan(spaced); ok {
		t.Error("another form was believed")
	}
	if list, err := decode(spaced); err != nil || !reflect.DeepEqual(list[1], m) {
		t.Errorf("another form was read as %+v, %v", list, err)
	}
}
