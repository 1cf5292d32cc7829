package history

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/bailiwick/bailiwick"
)

// Open reads the history in a file; see [ReadFrom].
func Open(path string) ([]Op, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, &bailiwick.Error{Code: bailiwick.NotFound, Op: "history: open", Err: err, Do: "name the file of a history"}
	}
	defer file.Close()
	return ReadFrom(file)
}

// ReadFrom reads a history, in the order in which its operations began. One without an
// end has the outcome [Info]. A last line that was torn, as it is when the recording
// process is killed, is left out: its request was not sent, or its end is not known.
// Anything else that is not a history is the code [bailiwick.Invalid].
func ReadFrom(src io.Reader) ([]Op, error) {
	var ops []Op
	ended := map[int]bool{}
	for lines, n := bufio.NewReader(src), 1; ; n++ {
		text, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return ops, nil // what follows the last line feed was torn
		}
		if err != nil {
			return nil, &bailiwick.Error{Code: bailiwick.Unavailable, Op: "history: read", Err: err}
		}
		var l line
		if err = json.Unmarshal(text, &l); err == nil {
			ops, err = l.add(ops, ended)
		}
		if err != nil {
			return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: fmt.Sprintf("history: read line %d", n), Err: err, Do: "give it a file that a run of this version recorded"}
		}
	}
}

var (
	errNeither = errors.New("a line is either a call or the end of one")
	errOrder   = errors.New("calls are numbered from 1, without a gap")
	errEnd     = errors.New("a call ends once, after it began")
	errOutcome = errors.New("an outcome is ok, fail or info")
)

// add adds what a line says to the operations before it.
func (l line) add(ops []Op, ended map[int]bool) ([]Op, error) {
	switch {
	case (l.Call == nil) == (l.End == nil):
		return nil, errNeither
	case l.Call != nil:
		if l.N != len(ops)+1 {
			return nil, errOrder
		}
		c := l.Call
		return append(ops, Op{Client: c.Client, Kind: c.Kind, ID: c.ID, From: c.From, To: c.To, Amount: c.Amount,
			Call: c.At, Return: Never, Outcome: Info}), nil
	case l.N < 1 || l.N > len(ops) || ended[l.N] || l.End.At < ops[l.N-1].Call:
		return nil, errEnd
	}
	ended[l.N] = true
	op := &ops[l.N-1]
	op.Reason = l.End.Reason
	switch l.End.Outcome {
	case OK, Fail:
		op.Outcome, op.Value, op.Return = l.End.Outcome, l.End.Value, l.End.At
	case Info: // that it was given up says nothing about when it takes effect
	default:
		return nil, errOutcome
	}
	return ops, nil
}
