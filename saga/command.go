package saga

import (
	"crypto/sha256"
	"encoding/json"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// The two operations of a step.
const (
	opDo   = "do"
	opUndo = "undo"
)

// The outcomes that a participant answers with, and those that the saga's log
// knows besides.
const (
	outcomeDone     = "done"
	outcomeRejected = "rejected"
	// outcomeLate answers an action whose compensation came first.
	outcomeLate    = "late"
	outcomeSkipped = "skipped"
	outcomeUnknown = "unknown"
)

// wireVersion is the schema version of commands and replies. Fields may be added
// without a new one: whoever reads ignores those that it does not know.
const wireVersion = 1

// wireCommand is the data of a command message; docs/formats/saga.md describes it.
type wireCommand struct {
	Saga    string          `json:"saga"`
	ID      string          `json:"id"`
	Step    string          `json:"step"`
	Op      string          `json:"op"`
	ReplyTo string          `json:"reply_to"`
	Data    json.RawMessage `json:"data"`
}

// wireReply is the data of a reply message: what the participant stored, and to
// what it belongs.
type wireReply struct {
	Saga string `json:"saga"`
	ID   string `json:"id"`
	Step string `json:"step"`
	Op   string `json:"op"`
	answer
}

// answer is what a participant's barrier stores.
type answer struct {
	Outcome string          `json:"outcome"`
	Reason  string          `json:"reason,omitempty"`
	Detail  string          `json:"detail,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// replyType is the type of the messages that answer the sagas of a service.
func replyType(owner string) string { return owner + ".saga.reply" }

// barrierScope is the scope of the claims that are a participant's barrier.
const barrierScope = "saga"

// barrierKey names one operation of one step of one saga. The parts cannot
// contain the separator, so that saga 1 with step 0x and saga 10 with step x are
// two (DTM 1.19 joined them and lost sagas).
func (c *wireCommand) barrierKey(op string) string {
	return c.ReplyTo + "/" + c.Saga + "/" + c.ID + "/" + c.Step + "/" + op
}

func (c *wireCommand) hash() []byte {
	sum := sha256.Sum256(c.Data)
	return sum[:16]
}

// send publishes a command about key.
func send(tx *store.Tx, typ, key string, c wireCommand) error {
	return publish(tx, typ, key, c.ID, c)
}

// reply publishes a participant's answer.
func (c *wireCommand) reply(tx *store.Tx, key string, a answer) error {
	return publish(tx, c.ReplyTo, key, c.ID, wireReply{Saga: c.Saga, ID: c.ID, Step: c.Step, Op: c.Op, answer: a})
}

func publish(tx *store.Tx, typ, key, id string, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: "saga: publish " + typ, Err: err}
	}
	return tx.Publish(bailiwick.Message{Type: typ, Key: key, Version: wireVersion, Correlation: id, Data: data})
}
