package store

import (
	"testing"

	"github.com/bailiwick/bailiwick"
)

func pushSeqs(r *ring, seqs ...int64) {
	for _, seq := range seqs {
		r.push(&bailiwick.Message{Seq: seq})
	}
}

func seqsAfter(r *ring, seq int64, limit int) (seqs []int64, ok bool) {
	msgs, ok := r.after(seq, limit)
	for _, m := range msgs {
		seqs = append(seqs, m.Seq)
	}
	return seqs, ok
}

func TestRingServesWhatFollows(t *testing.T) {
	r := &ring{limit: 1 << 20}
	pushSeqs(r, 5, 6, 7)
	for _, c := range []struct {
		after int64
		limit int
		first int64 // 0: the ring cannot answer
		n     int
	}{
		{3, 10, 0, 0}, // 4 is not in it: to answer with 5 would skip
		{4, 10, 5, 3},
		{5, 10, 6, 2},
		{4, 2, 5, 2},
		{7, 10, 0, 0},
		{9, 10, 0, 0},
	} {
		seqs, ok := seqsAfter(r, c.after, c.limit)
		if ok != (c.first != 0) || len(seqs) != c.n || ok && seqs[0] != c.first {
			t.Errorf("after %d, at most %d: got %v, %v", c.after, c.limit, seqs, ok)
		}
	}
}

// A hole begins a new run: a follower must fetch what is missing from the table.
func TestRingDoesNotSpanHoles(t *testing.T) {
	r := &ring{limit: 1 << 20}
	pushSeqs(r, 1, 2, 4, 5)
	if seqs, ok := seqsAfter(r, 1, 10); ok {
		t.Errorf("after 1 it answered %v, which skips 3", seqs)
	}
	if seqs, ok := seqsAfter(r, 3, 10); !ok || len(seqs) != 2 {
		t.Errorf("after 3: got %v, %v", seqs, ok)
	}
}

func TestRingIsBounded(t *testing.T) {
	r := &ring{limit: 10 * messageOverhead}
	for seq := range int64(1000) {
		pushSeqs(r, seq)
	}
	if len(r.run) != 10 || r.bytes != 10*messageOverhead || r.run[0].Seq != 990 {
		t.Errorf("%d messages of %d bytes, from %d", len(r.run), r.bytes, r.run[0].Seq)
	}
	// One that is larger than the limit alone is kept: whoever waits for it is here.
	r.push(&bailiwick.Message{Seq: 1000, Data: make([]byte, 1<<20)})
	if len(r.run) != 1 || r.run[0].Seq != 1000 {
		t.Errorf("%d messages are left", len(r.run))
	}
}

// What was handed out stays as it is when the ring goes on.
func TestRingHandsOutItsOwnSlice(t *testing.T) {
	r := &ring{limit: 3 * messageOverhead}
	pushSeqs(r, 1, 2, 3)
	msgs, _ := r.after(0, 10)
	pushSeqs(r, 4, 5, 6)
	for i, m := range msgs {
		if m == nil || m.Seq != int64(i+1) {
			t.Fatalf("message %d changed to %v", i, m)
		}
	}
}

func TestRingForgetsWhatAllHave(t *testing.T) {
	r := &ring{limit: 1 << 20}
	pushSeqs(r, 5, 6, 7)
	full := r.bytes
	r.forget(6)
	if seqs, ok := seqsAfter(r, 5, 10); ok {
		t.Errorf("after 5 it answered %v, which skips 6", seqs)
	}
	if seqs, ok := seqsAfter(r, 6, 10); !ok || len(seqs) != 1 || r.bytes != full/3 {
		t.Errorf("after 6: got %v, %v; %d of %d bytes", seqs, ok, r.bytes, full)
	}
	r.forget(7)
	pushSeqs(r, 8)
	if seqs, ok := seqsAfter(r, 7, 10); !ok || len(seqs) != 1 || r.bytes != full/3 {
		t.Errorf("after all were forgotten: got %v, %v; %d bytes", seqs, ok, r.bytes)
	}
}
