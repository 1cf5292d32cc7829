package httpfeed

import (
	"testing"

	"github.com/bailiwick/bailiwick"
)

func runOf(epoch, from, to int64) *run {
	r := &run{after: bailiwick.Position{Epoch: epoch, Seq: from}, through: bailiwick.Position{Epoch: epoch, Seq: to}, bytes: 1}
	for seq := from + 1; seq <= to; seq++ {
		r.messages = append(r.messages, &bailiwick.Message{Epoch: epoch, Seq: seq})
	}
	return r
}

// The window answers for the places that it holds, in their own incarnation, and
// for no others.
func TestWindow(t *testing.T) {
	var w window
	w.push(runOf(2, 10, 20))
	w.push(runOf(2, 20, 30))
	for _, c := range []struct{ epoch, seq, first, through int64 }{
		{2, 10, 11, 14}, {2, 15, 16, 19}, {2, 18, 19, 20}, {2, 20, 21, 24}, {2, 29, 30, 30},
		{2, 9, 0, 0}, {2, 30, 0, 0}, {1, 15, 0, 0}, {1, 10, 0, 0}, {3, 20, 0, 0},
	} {
		p := bailiwick.Position{Epoch: c.epoch, Seq: c.seq}
		batch, _, ok := w.read(p, 4)
		if ok != (c.first > 0) || ok != w.covers(p) || batch.Through.Seq != c.through || ok && batch.Messages[0].Seq != c.first {
			t.Errorf("after %s: %+v %v", p, batch, ok)
		}
	}
}

// It keeps few runs, and few bytes; but always the latest.
func TestWindowIsBounded(t *testing.T) {
	var w window
	for i := range int64(10) {
		w.push(runOf(1, 10*i, 10*i+10))
	}
	if len(w.runs) != windowRuns || !w.covers(bailiwick.Position{Epoch: 1, Seq: 60}) || w.covers(bailiwick.Position{Epoch: 1, Seq: 59}) {
		t.Errorf("%d runs", len(w.runs))
	}
	large := runOf(1, 100, 110)
	large.bytes = 2 * windowBytes
	w.push(large)
	if len(w.runs) != 1 || w.runs[0] != large {
		t.Errorf("%d runs beside a large one", len(w.runs)-1)
	}
}
