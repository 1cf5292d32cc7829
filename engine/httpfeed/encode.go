package httpfeed

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/bailiwick/bailiwick"
)

// appendEvent writes a message as a CloudEvent 1.0 in its JSON format. Data that is
// JSON goes in as it is, other data in base64. seq is a string, because CloudEvents'
// integers have 32 bits.
func appendEvent(b []byte, m *bailiwick.Message) []byte {
	b = append(b, `{"specversion":"1.0","id":"`...)
	b = appendPosition(b, m.Position())
	b = append(b, '.')
	b = appendID(b, m.ID)
	b = appendText(append(b, `","source":`...), m.Log)
	b = appendText(append(b, `,"type":`...), m.Type)
	b = append(b, `,"time":"`...)
	b = m.Time.UTC().AppendFormat(b, time.RFC3339Nano)
	b = append(b, '"')
	if m.Key != "" {
		b = appendText(append(b, `,"subject":`...), m.Key)
	}
	b = appendID(append(b, `,"messageid":"`...), m.ID)
	b = strconv.AppendInt(append(b, `","epoch":`...), m.Epoch, 10)
	b = strconv.AppendInt(append(b, `,"seq":"`...), m.Seq, 10)
	b = strconv.AppendInt(append(b, `","schemaversion":`...), int64(m.Version), 10)
	if m.Correlation != "" {
		b = appendText(append(b, `,"correlationid":`...), m.Correlation)
	}
	if !m.Causation.IsZero() {
		b = append(appendID(append(b, `,"causationid":"`...), m.Causation), '"')
	}
	if m.Trace != "" {
		b = appendText(append(b, `,"traceparent":`...), m.Trace)
	}
	switch {
	case len(m.Data) == 0:
	case json.Valid(m.Data) && utf8.Valid(m.Data):
		b = append(b, `,"datacontenttype":"application/json","data":`...)
		b = append(b, m.Data...)
	default:
		b = append(b, `,"datacontenttype":"application/octet-stream","data_base64":"`...)
		b = base64.StdEncoding.AppendEncode(b, m.Data)
		b = append(b, '"')
	}
	return append(b, '}')
}

func appendID(b []byte, id bailiwick.ID) []byte {
	b = append(hex.AppendEncode(b, id[0:4]), '-')
	b = append(hex.AppendEncode(b, id[4:6]), '-')
	b = append(hex.AppendEncode(b, id[6:8]), '-')
	b = append(hex.AppendEncode(b, id[8:10]), '-')
	return hex.AppendEncode(b, id[10:16])
}

// appendText writes a JSON string. Most need no escape.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			text, _ := json.Marshal(s) // cannot fail: a string
			return append(b, text...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
