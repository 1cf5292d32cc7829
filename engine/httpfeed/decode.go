package httpfeed

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/bailiwick/bailiwick"
)

// event is a CloudEvent as appendEvent writes it.
type event struct {
	ID            string          `json:"id"`
	Source        string          `json:"source"`
	Type          string          `json:"type"`
	Time          time.Time       `json:"time"`
	Subject       string          `json:"subject"`
	SchemaVersion int             `json:"schemaversion"`
	CorrelationID string          `json:"correlationid"`
	CausationID   bailiwick.ID    `json:"causationid"`
	Traceparent   string          `json:"traceparent"`
	Data          json.RawMessage `json:"data"`
	DataBase64    []byte          `json:"data_base64"`
}

// decode reads an answer's body, which the messages may keep parts of.
func decode(body []byte) ([]*bailiwick.Message, error) {
	if list, ok := scan(body); ok {
		return list, nil
	}
	return decodeAny(body)
}

// decodeAny reads events in whatever form JSON allows.
func decodeAny(body []byte) ([]*bailiwick.Message, error) {
	var events []event
	if err := json.Unmarshal(body, &events); err != nil {
		return nil, err
	}
	made := make([]bailiwick.Message, len(events))
	list := make([]*bailiwick.Message, len(events))
	for i := range events {
		e := &events[i]
		p, err := parsePlace(e.ID)
		if err != nil {
			return nil, err
		}
		if p.id.IsZero() || p.Seq == 0 {
			return nil, fmt.Errorf("event %d has the id %q, which names no message", i, e.ID)
		}
		at := e.Time.UTC()
		if at.Year() < 0 || at.Year() > 9999 { // a zone can move it there, and JSON cannot hold it
			return nil, fmt.Errorf("event %d has the time %s", i, e.Time)
		}
		made[i] = bailiwick.Message{ID: p.id, Log: e.Source, Epoch: p.Epoch, Seq: p.Seq, Key: e.Subject, Type: e.Type, Version: e.SchemaVersion,
			Time: at, Correlation: e.CorrelationID, Causation: e.CausationID, Trace: e.Traceparent, Data: e.Data}
		if e.DataBase64 != nil {
			made[i].Data = e.DataBase64
		}
		list[i] = &made[i]
	}
	return list, nil
}
