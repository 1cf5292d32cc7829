package httpfeed_test

import (
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/httpfeed"
	"github.com/bailiwick/bailiwick/store"
)

// A reader catches up over the loopback, from the table or from memory. The time is
// that of one message; bench/feed measures between two processes.
func BenchmarkCatchUp(b *testing.B) {
	for name, ring := range map[string]int{"table": 1, "memory": 256 << 20} {
		b.Run(name, func(b *testing.B) {
			p := produce(b, store.Options{RingBytes: ring}, httpfeed.ServerOptions{})
			const log = 50_000
			for range log / 1000 {
				p.publish(1000, "order.placed")
			}
			b.ResetTimer()
			for n := 0; n < b.N; {
				feed := p.follow(func(o *httpfeed.Options) { o.Follower = "" })
				for at := (bailiwick.Position{}); at.Seq < log && n < b.N; {
					batch, err := feed.Read(b.Context(), at, 1000)
					if err != nil {
						b.Fatal(err)
					}
					at, n = batch.Through, n+len(batch.Messages)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
