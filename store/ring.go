package store

import "github.com/bailiwick/bailiwick"

// ring holds the most recent messages of a log, so that followers in this process
// need not read them back from the table. It is one gapless run of seqs. It does
// not lock; its owner does.
type ring struct {
	limit int // bytes
	bytes int
	run   []*bailiwick.Message
}

// messageOverhead is what a message takes beside its data, roughly.
const messageOverhead = 320

// push adds a message. One that is not the successor of the last starts a new
// run: a ring that is silent about a hole would skip it.
func (r *ring) push(m *bailiwick.Message) {
	if n := len(r.run); n > 0 && m.Seq != r.run[n-1].Seq+1 {
		r.clear()
	}
	r.run = append(r.run, m)
	r.bytes += len(m.Data) + messageOverhead
	drop := 0
	for r.bytes > r.limit && drop < len(r.run)-1 {
		r.bytes -= len(r.run[drop].Data) + messageOverhead
		r.run[drop] = nil
		drop++
	}
	r.run = r.run[drop:]
}

func (r *ring) clear() {
	clear(r.run)
	r.run, r.bytes = nil, 0
}

// forget drops the messages up to seq: nobody waits for them any more.
func (r *ring) forget(seq int64) {
	drop := 0
	for drop < len(r.run) && r.run[drop].Seq <= seq {
		r.bytes -= len(r.run[drop].Data) + messageOverhead
		r.run[drop] = nil
		drop++
	}
	r.run = r.run[drop:]
}

// after returns up to limit messages that follow seq; ok is false where the ring
// does not hold the successor of seq.
func (r *ring) after(seq int64, limit int) (msgs []*bailiwick.Message, ok bool) {
	if len(r.run) == 0 || seq+1 < r.run[0].Seq || seq >= r.run[len(r.run)-1].Seq {
		return nil, false
	}
	from := int(seq + 1 - r.run[0].Seq)
	to := min(len(r.run), from+limit)
	return append([]*bailiwick.Message(nil), r.run[from:to]...), true
}
