package follow

import (
	"context"
	"errors"
	"fmt"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/proof"
)

// final says which errors of the source end a follower: waiting does not bring
// back what was trimmed, unmake a fork, or open what was closed. A source that
// fails while the follower is stopped did nothing of the kind: pause sees that end.
func final(err error) bool {
	return hasCode(err, bailiwick.Gone, bailiwick.Forked, bailiwick.Closed)
}

// read reads what follows a position and makes sure that nothing is missing or
// out of order, as far as that can be seen.
//
// A log is gapless, so a hole in what it shows can have one reason only: that
// retention removed messages. What removed them is the source's to know. But a
// message that is merely late, because a transport overtook it or a reader saw
// one commit before another, shows itself when it is asked for again. So a batch
// with a hole is read twice, and believed if the second reading has it as well.
func (l *lane) read(ctx context.Context, after bailiwick.Position, limit int) (bailiwick.Batch, error) {
	batch, err := l.readOnce(ctx, after, limit)
	if err != nil || !holes(after, batch) || proof.Off(proof.Holes) {
		return batch, err
	}
	return l.readOnce(ctx, after, limit)
}

func (l *lane) readOnce(ctx context.Context, after bailiwick.Position, limit int) (bailiwick.Batch, error) {
	var batch bailiwick.Batch
	err := l.patiently(ctx, "reading the log failed", final, func() error {
		var err error
		batch, err = l.source.Read(ctx, after, limit)
		return err
	})
	if err == nil {
		err = inOrder(after, batch)
	}
	return batch, err
}

// holes says whether seqs are missing up to the last message. What is missing
// between that and Through was removed: the source says so.
func holes(after bailiwick.Position, batch bailiwick.Batch) bool {
	n := len(batch.Messages)
	return n > 0 && batch.Messages[n-1].Seq-after.Seq != int64(n)
}

var errOrder = errors.New("the source broke the order of the log")

// inOrder refuses a batch that repeats a message, goes back, or says that it
// reaches less far than its last message.
func inOrder(after bailiwick.Position, batch bailiwick.Batch) error {
	last := after
	for _, m := range batch.Messages {
		if m.Seq <= last.Seq || m.Epoch < last.Epoch {
			return disorder(last, m.Position())
		}
		last = m.Position()
	}
	if before(batch.Through, last) || batch.Through.Seq < last.Seq {
		return disorder(last, batch.Through)
	}
	return nil
}

func disorder(last, next bailiwick.Position) error {
	return &bailiwick.Error{Code: bailiwick.Internal, Op: "read the log",
		Err: fmt.Errorf("%w: %s came after %s", errOrder, next, last),
		Do:  "report it; nothing of the batch was applied"}
}
