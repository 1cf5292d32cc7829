package httpfeed

import (
	"bytes"
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/bailiwick/bailiwick"
)

// scanner reads events in the very form in which appendEvent writes them, several
// times faster than encoding/json reads any (see BenchmarkDecode). It gives up at
// the first byte that is otherwise: ok turns false, and encoding/json does it all.
type scanner struct {
	rest []byte
	ok   bool
	last *bailiwick.Message // whose texts are shared where they repeat
}

// scan reads an array of events. The data of the messages is part of body.
func scan(body []byte) (list []*bailiwick.Message, ok bool) {
	s := &scanner{rest: body, ok: true, last: &bailiwick.Message{}}
	if string(body) == "[]" {
		return nil, true
	}
	made := make([]bailiwick.Message, bytes.Count(body, []byte(`{"specversion":"1.0","id":"`)))
	list = make([]*bailiwick.Message, 0, len(made))
	s.expect("[")
	for i := range made {
		if i > 0 {
			s.expect(",\n")
		}
		s.event(&made[i])
		if !s.ok {
			return nil, false
		}
		list, s.last = append(list, &made[i]), &made[i]
		if string(s.rest) == "]" {
			return list, true
		}
	}
	return nil, false
}

func (s *scanner) event(m *bailiwick.Message) {
	s.expect(`{"specversion":"1.0","id":"`)
	p, err := parsePlace(string(s.plain()))
	s.ok = s.ok && err == nil && !p.id.IsZero() && p.Seq > 0
	m.Epoch, m.Seq, m.ID = p.Epoch, p.Seq, p.id
	s.expect(`,"source":"`)
	m.Log = s.text(s.last.Log)
	s.expect(`,"type":"`)
	m.Type = s.text(s.last.Type)
	s.expect(`,"time":"`)
	at, err := time.Parse(time.RFC3339, string(s.plain()))
	s.ok, m.Time = s.ok && err == nil && at.Location() == time.UTC, at
	if s.meets(`,"subject":"`) {
		m.Key = s.text(s.last.Key)
	}
	s.expect(`,"messageid":"`)
	s.plain()
	s.expect(`,"epoch":`)
	s.digits()
	s.expect(`,"seq":"`)
	s.plain()
	s.expect(`,"schemaversion":`)
	m.Version = s.digits()
	if s.meets(`,"correlationid":"`) {
		m.Correlation = s.text(s.last.Correlation)
	}
	if s.meets(`,"causationid":"`) {
		m.Causation, err = bailiwick.ParseID(string(s.plain()))
		s.ok = s.ok && err == nil
	}
	if s.meets(`,"traceparent":"`) {
		m.Trace = s.text(s.last.Trace)
	}
	switch {
	case s.meets(`,"datacontenttype":"application/json","data":`):
		m.Data = s.value()
	case s.meets(`,"datacontenttype"`):
		s.ok = false // base64 is rare
	}
	s.expect("}")
}

// meets passes over a text if it comes next.
func (s *scanner) meets(text string) bool {
	if len(s.rest) < len(text) || string(s.rest[:len(text)]) != text {
		return false
	}
	s.rest = s.rest[len(text):]
	return true
}

func (s *scanner) expect(text string) { s.ok = s.meets(text) && s.ok }

// plain reads up to the end of a string that has no escapes.
func (s *scanner) plain() []byte {
	end := bytes.IndexByte(s.rest, '"')
	if end < 0 || bytes.IndexByte(s.rest[:end], '\\') >= 0 {
		s.ok = false
		return nil
	}
	text := s.rest[:end]
	s.rest = s.rest[end+1:]
	return text
}

// text reads up to the end of a string. One that equals last is last.
func (s *scanner) text(last string) string {
	end := stringEnd(s.rest)
	if end < 0 {
		s.ok = false
		return ""
	}
	raw := s.rest[:end]
	s.rest = s.rest[end+1:]
	if string(raw) == last {
		return last
	}
	s.ok = s.ok && utf8.Valid(raw)
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw)
	}
	var text string
	quoted := append(append([]byte{'"'}, raw...), '"')
	s.ok = json.Unmarshal(quoted, &text) == nil && s.ok
	return text
}

// stringEnd returns the index of the quote that ends a string; -1 if there is none.
func stringEnd(b []byte) int {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i
		case '\\':
			i++
		}
	}
	return -1
}

// digits reads a small number.
func (s *scanner) digits() int {
	n, i := 0, 0
	for ; i < len(s.rest) && i < 10 && s.rest[i] >= '0' && s.rest[i] <= '9'; i++ {
		n = n*10 + int(s.rest[i]-'0')
	}
	s.ok = s.ok && i > 0
	s.rest = s.rest[i:]
	return n
}

// value reads a JSON value: up to the bracket that belongs to what is around it.
// The server has made sure that it is one. A comma on the way to the bracket says
// that more follows than appendEvent writes.
func (s *scanner) value() []byte {
	depth := 0
	for i := 0; i < len(s.rest); i++ {
		switch s.rest[i] {
		case '"':
			end := stringEnd(s.rest[i+1:])
			if end < 0 {
				s.ok = false
				return nil
			}
			i += end + 1
		case '{', '[':
			depth++
		case ',':
			s.ok = s.ok && depth > 0
		case '}', ']':
			if depth--; depth < 0 {
				value := bytes.TrimSpace(s.rest[:i:i])
				s.rest = s.rest[i:]
				return value
			}
		}
	}
	s.ok = false
	return nil
}
