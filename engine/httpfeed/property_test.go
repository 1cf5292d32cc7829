package httpfeed

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/bailiwick/bailiwick"
)

// However a log is cut into answers and those into pages, and whatever order they
// come in, who reads from the window is given each message once, in order, as one
// page would have given them, or is told that the window does not hold them.
func TestPagesAreOneLog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var log []*bailiwick.Message // some were left out
		total := rapid.IntRange(1, 60).Draw(t, "messages")
		skips := rapid.SliceOfN(rapid.Bool(), total, total).Draw(t, "left out")
		at := func(seq int64) bailiwick.Position { return bailiwick.Position{Epoch: 1 + seq/25, Seq: seq} }
		for i := range total {
			p := at(int64(i + 1))
			log = append(log, &bailiwick.Message{Log: "order/outbox", Epoch: p.Epoch, Seq: p.Seq})
		}
		var w window
		from := int64(0)
		for n := 1; from < int64(total); n++ {
			to := int64(total) // the last answer that the window holds has the rest
			if n < windowRuns {
				to = min(to, from+int64(rapid.IntRange(1, 20).Draw(t, "answer")))
			}
			var sent []*bailiwick.Message
			leftOut := int64(0)
			for _, m := range log[from:to] {
				if skips[m.Seq-1] {
					leftOut++
				} else {
					sent = append(sent, m)
				}
			}
			w.push(newRun(at(from), at(to), sent, leftOut, 1))
			from = to
		}
		reached, given := bailiwick.Position{Epoch: 1}, 0
		for reached.Seq < int64(total) {
			batch, again, ok := w.read(reached, rapid.IntRange(1, 9).Draw(t, "page"))
			if !ok || again {
				t.Fatalf("the window does not hold what follows %s", reached)
			}
			last := reached
			for _, m := range batch.Messages {
				if m.Seq <= last.Seq || m.Seq > batch.Through.Seq {
					t.Fatalf("%s comes after %s, up to %s", m.Position(), last, batch.Through)
				}
				last = m.Position()
				if m == log[m.Seq-1] {
					given++
				} else if !skips[m.Seq-1] {
					t.Fatalf("%s is another message", m.Position())
				}
			}
			if batch.Through.Seq <= reached.Seq {
				t.Fatalf("what follows %s reaches to %s", reached, batch.Through)
			}
			reached = batch.Through
		}
		want := 0
		for _, skipped := range skips {
			if !skipped {
				want++
			}
		}
		if given != want {
			t.Fatalf("%d of %d messages were given", given, want)
		}
	})
}

// Of all positions that a follower commits, in whatever order its lanes tell them,
// the furthest is acknowledged.
func TestTheFurthestIsAcknowledged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var f Feed
		var furthest bailiwick.Position
		for range rapid.IntRange(1, 20).Draw(t, "commits") {
			p := bailiwick.Position{Epoch: rapid.Int64Range(0, 3).Draw(t, "epoch"), Seq: rapid.Int64Range(0, 5).Draw(t, "seq")}
			if p.Epoch > furthest.Epoch || p.Epoch == furthest.Epoch && p.Seq > furthest.Seq {
				furthest = p
			}
			if f.Ack(p); f.acked != furthest {
				t.Fatalf("after %s, %s is acknowledged and %s was committed", p, f.acked, furthest)
			}
		}
	})
}
