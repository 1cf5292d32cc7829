package httpfeed

import (
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
)

func sample() *bailiwick.Message {
	ids := bailiwick.IDs{}
	return &bailiwick.Message{ID: ids.New(), Log: "order/outbox", Epoch: 1, Seq: 541909, Key: "17850", Type: "order.confirmed", Version: 1,
		Time: time.Now().UTC().Truncate(time.Microsecond), Correlation: ids.New().String(), Causation: ids.New(),
		Trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		Data:  []byte(`{"order":"0198c0de-0000-7000-8000-000000000001","customer":"17850","currency":"GBP","total":139120,"lines":[{"code":"85123A","quantity":6,"unit_price":2550},{"code":"71053","quantity":6,"unit_price":3390}]}`)}
}

func BenchmarkEncode(b *testing.B) {
	m, body := sample(), []byte(nil)
	b.ReportAllocs()
	for b.Loop() {
		body = appendEvent(body[:0], m)
	}
	b.SetBytes(int64(len(body)))
}

// The short way against encoding/json.
func BenchmarkDecode(b *testing.B) {
	list := make([]*bailiwick.Message, 1000)
	for i := range list {
		list[i] = sample()
	}
	body := encode(list)
	for name, read := range map[string]func([]byte) ([]*bailiwick.Message, error){"short": decode, "any": decodeAny} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body) / len(list)))
			for n := 0; n < b.N; n += len(list) {
				if _, err := read(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
