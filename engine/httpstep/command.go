package httpstep

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/store"
)

// command is the data of a saga's command message; docs/formats/saga.md describes
// it.
type command struct {
	Saga    string          `json:"saga"`
	ID      string          `json:"id"`
	Step    string          `json:"step"`
	Op      string          `json:"op"`
	ReplyTo string          `json:"reply_to"`
	Data    json.RawMessage `json:"data"`

	message *bailiwick.Message
}

// answer is what a participant says to a command.
type answer struct {
	Outcome string          `json:"outcome"`
	Reason  string          `json:"reason,omitempty"`
	Detail  string          `json:"detail,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// The outcomes of docs/formats/saga.md.
const (
	done     = "done"
	rejected = "rejected"
	late     = "late"
)

// wireVersion is the schema version of commands and replies.
const wireVersion = 1

var errNoCommand = errors.New("the data is no saga command")

func readCommand(m *bailiwick.Message) (*command, error) {
	if err := follow.CheckVersion("httpstep: read", m, wireVersion); err != nil {
		return nil, err
	}
	c := &command{message: m}
	err := json.Unmarshal(m.Data, c)
	if err == nil && (c.Saga == "" || c.ID == "" || c.Step == "" || c.ReplyTo == "" || c.Op != "do" && c.Op != "undo") {
		err = errNoCommand
	}
	if err != nil {
		return nil, &bailiwick.Error{Code: bailiwick.Poison, Op: "httpstep: read " + m.Type, Err: err,
			Do: "correct the orchestrator; the saga waits for an answer"}
	}
	return c, nil
}

// instance names the saga that the command is of.
func (c *command) instance() string { return c.ReplyTo + "/" + c.Saga + "/" + c.ID }

// key names the operation: it is the key of the participant's barrier.
func (c *command) key() string { return c.instance() + "/" + c.Step + "/" + c.Op }

// reply returns the handler that gives the orchestrator a participant's answer, as
// the message that a participant with a log of its own would have published.
func (c *Courier) reply(cmd *command, a answer) follow.Handler {
	return func(tx *store.Tx, m *bailiwick.Message) error {
		take := c.opts.Replies[cmd.ReplyTo]
		if take == nil {
			return &bailiwick.Error{Code: bailiwick.Poison, Op: "httpstep: reply to " + m.Type,
				Err: fmt.Errorf("nobody takes messages of type %s", cmd.ReplyTo),
				Do:  "give the courier the handlers of the orchestrator that runs the saga, then replay the key"}
		}
		data, err := json.Marshal(struct {
			Saga string `json:"saga"`
			ID   string `json:"id"`
			Step string `json:"step"`
			Op   string `json:"op"`
			answer
		}{cmd.Saga, cmd.ID, cmd.Step, cmd.Op, a})
		if err != nil {
			return &bailiwick.Error{Code: bailiwick.Internal, Op: "httpstep: reply to " + m.Type, Err: err}
		}
		return take(tx, &bailiwick.Message{ID: m.ID, Log: m.Log, Epoch: m.Epoch, Seq: m.Seq, Key: m.Key, Type: cmd.ReplyTo, Version: wireVersion,
			Time: tx.Now().UTC(), Correlation: cmd.ID, Causation: m.ID, Trace: m.Trace, Data: data})
	}
}
