package httpfeed

import (
	"cmp"
	"slices"

	"github.com/bailiwick/bailiwick"
)

// run is one answer: all there is after a position, up to another.
type run struct {
	after, through bailiwick.Position
	messages       []*bailiwick.Message
	ids            bool // the last message stands at through
	bytes          int64
	holes          bool // messages are missing that nobody left out
	shown          bool // somebody has read it
	believed       bool // it was fetched again, because of its holes
}

// maxMarkers bounds what a few bytes of an answer can come to. A follower is left
// out of fewer messages at once; see scanned.
const maxMarkers = 100_000

// newRun puts markers in the places of messages that were left out. If more are
// missing than that, or too many, nobody knows which, and all places stay empty.
func newRun(after, through bailiwick.Position, messages []*bailiwick.Message, leftOut int64, bytes int64) *run {
	r := &run{after: after, through: through, messages: messages, bytes: bytes}
	n := len(messages)
	if n == 0 {
		return r
	}
	r.ids = messages[n-1].Position() == through
	if through.Seq-after.Seq-int64(n) == leftOut && leftOut > 0 && leftOut <= maxMarkers {
		r.messages = marked(after, messages)
	}
	r.holes = messages[n-1].Seq-after.Seq != int64(len(r.messages))
	return r
}

func marked(after bailiwick.Position, messages []*bailiwick.Message) []*bailiwick.Message {
	last := messages[len(messages)-1]
	markers := make([]bailiwick.Message, last.Seq-after.Seq-int64(len(messages)))
	whole := make([]*bailiwick.Message, 0, last.Seq-after.Seq)
	next := after.Seq + 1
	for _, m := range messages {
		for ; next < m.Seq; next++ {
			marker := &markers[0]
			markers = markers[1:]
			marker.Log, marker.Epoch, marker.Seq = m.Log, m.Epoch, next
			whole = append(whole, marker)
		}
		whole = append(whole, m)
		next++
	}
	return whole
}

// find returns the index of the message that follows a position.
func (r *run) find(p bailiwick.Position) (i int, ok bool) {
	if p == r.after {
		return 0, r.through.Seq > p.Seq
	}
	i, ok = slices.BinarySearchFunc(r.messages, p.Seq, func(m *bailiwick.Message, seq int64) int { return cmp.Compare(m.Seq, seq) })
	return i + 1, ok && r.messages[i].Epoch == p.Epoch && p.Seq < r.through.Seq
}

// batch returns up to limit messages from index i on.
func (r *run) batch(i, limit int) bailiwick.Batch {
	rest := r.messages[i:]
	if len(rest) > limit {
		rest = rest[:limit:limit]
		return bailiwick.Batch{Messages: rest, Through: rest[limit-1].Position()}
	}
	return bailiwick.Batch{Messages: rest, Through: r.through}
}

const (
	windowRuns  = 4
	windowBytes = 16 << 20
)

// window holds the latest answers, so that the lanes of a follower fetch each
// message once. It does not lock; its owner does.
type window struct{ runs []*run }

func (w *window) push(r *run) {
	if r.through.Seq == r.after.Seq {
		return
	}
	w.runs = slices.DeleteFunc(w.runs, func(old *run) bool { return old.after == r.after })
	w.runs = append(w.runs, r)
	bytes := int64(0)
	for i := len(w.runs) - 1; i >= 0; i-- {
		bytes += w.runs[i].bytes
		if keep := len(w.runs) - i; keep > 1 && (keep > windowRuns || bytes > windowBytes) {
			w.runs = slices.Clone(w.runs[i+1:])
			return
		}
	}
}

func (w *window) covers(p bailiwick.Position) bool {
	for _, r := range w.runs {
		if _, ok := r.find(p); ok {
			return true
		}
	}
	return false
}

// read returns what follows a position, if the window holds it. A run with holes
// is given out once; then it has to be fetched again, for a message that was merely
// late shows itself the second time. again says that this is so.
func (w *window) read(p bailiwick.Position, limit int) (batch bailiwick.Batch, again, ok bool) {
	for j := len(w.runs) - 1; j >= 0; j-- {
		r := w.runs[j]
		i, found := r.find(p)
		if !found {
			continue
		}
		if r.holes && r.shown && !r.believed {
			w.runs = slices.Delete(w.runs, j, j+1)
			return batch, true, false
		}
		r.shown = true
		return r.batch(i, limit), false, true
	}
	return batch, false, false
}

// idAt returns the id of the message at a position, or zero.
func (w *window) idAt(p bailiwick.Position) bailiwick.ID {
	for _, r := range w.runs {
		if n := len(r.messages); n > 0 && r.ids && r.through == p {
			return r.messages[n-1].ID
		}
	}
	return bailiwick.ID{}
}
