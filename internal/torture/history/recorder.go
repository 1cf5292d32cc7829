package history

import (
	"encoding/json"
	"os"
	"sync"
	"time"

	"github.com/bailiwick/bailiwick"
)

// A Recorder appends operations to a file, as lines of JSON: one before a request is
// sent, one when its end is known. So the file tells of every request that may have
// taken effect, however the process that recorded it ends. It may be used by several
// goroutines at once.
type Recorder struct {
	clock bailiwick.Clock
	began time.Time

	mu     sync.Mutex
	file   *os.File
	called int
}

// line is a line of the file: a call, or the end of the call with the same number.
type line struct {
	N    int   `json:"n"`
	Call *call `json:"call,omitempty"`
	End  *end  `json:"end,omitempty"`
}

// call is what is known before a request is sent. Times are nanoseconds since the
// history began.
type call struct {
	Client int           `json:"client"`
	Kind   Kind          `json:"kind"`
	ID     string        `json:"id,omitempty"`
	From   string        `json:"from,omitempty"`
	To     string        `json:"to"`
	Amount int64         `json:"amount,omitempty"`
	At     time.Duration `json:"at"`
}

// end is what is known when it ended.
type end struct {
	Outcome Outcome       `json:"outcome"`
	Value   int64         `json:"value,omitempty"`
	Reason  string        `json:"reason,omitempty"`
	At      time.Duration `json:"at"`
}

// Create begins a history in a new file; one that exists is the code
// [bailiwick.Conflict]. Times come from the clock, and need its monotonic reading if
// the system's clock may be set meanwhile. The caller closes the recorder.
func Create(path string, clock bailiwick.Clock) (*Recorder, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		code := bailiwick.Unavailable
		if os.IsExist(err) {
			code = bailiwick.Conflict
		}
		return nil, &bailiwick.Error{Code: code, Op: "history: create", Err: err, Do: "name a new file in a directory that can be written"}
	}
	return &Recorder{clock: clock, began: clock.Now(), file: file}, nil
}

// A Call is an operation that was begun.
type Call struct {
	recorder *Recorder
	n        int
}

// Call records that a client begins op; its Call, and what belongs to its end, are
// ignored. The request may be sent once Call has returned without an error.
func (r *Recorder) Call(op Op) (Call, error) {
	at := r.clock.Now().Sub(r.began)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.called++
	err := r.write(line{N: r.called, Call: &call{Client: op.Client, Kind: op.Kind, ID: op.ID, From: op.From, To: op.To, Amount: op.Amount, At: at}})
	return Call{recorder: r, n: r.called}, err
}

// End records how the operation ended. It is called once, when the answer was read.
func (c Call) End(outcome Outcome, value int64, reason string) error {
	r := c.recorder
	at := r.clock.Now().Sub(r.began)
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.write(line{N: c.n, End: &end{Outcome: outcome, Value: value, Reason: reason, At: at}})
}

// write appends a line in one write, so that lines are torn only where the file ends.
func (r *Recorder) write(l line) error {
	text, err := json.Marshal(l)
	if err == nil {
		_, err = r.file.Write(append(text, '\n'))
	}
	if err != nil {
		return &bailiwick.Error{Code: bailiwick.Unavailable, Op: "history: record", Err: err, Do: "see that the disk of the history has room"}
	}
	return nil
}

// Close closes the file. Operations that have not ended stay as they are.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.file.Close(); err != nil {
		return &bailiwick.Error{Code: bailiwick.Unavailable, Op: "history: close", Err: err}
	}
	return nil
}
