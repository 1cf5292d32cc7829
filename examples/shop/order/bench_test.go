package order_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
)

// BenchmarkPlaceOrder places orders of 21 lines, as the average one has, 64 at a
// time and until each is confirmed. It counts the processor time of the whole
// process, which is the order service's and that of its stand-ins.
func BenchmarkPlaceOrder(b *testing.B) {
	s := openShop(b)
	in := placed("ada")
	for i := range 21 {
		in.Lines = append(in.Lines, line([]string{"MUG", "mug", "POST"}[i%3], int64(i+1), 2550))
	}
	b.SetParallelism(32)
	begun := processorTime(b)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			got, err := s.client.PlaceOrder(b.Context(), "", 30*time.Second, in)
			if err != nil || got.Status != orderapi.StatusConfirmed {
				b.Error(fmt.Sprint(got, err))
				return
			}
		}
	})
	b.StopTimer()
	b.ReportMetric(float64((processorTime(b)-begun).Microseconds())/float64(b.N), "cpu-µs/order")
}
