// Package guest is about databases whose tables their service manages itself, with
// its own migrations and its own tool for them. Such a service takes in single
// parts of this project as guests: "bailiwick schema print" writes the tables that
// they need as one more migration, from the engine's own schema, and an engine that
// opens the database with Options.Guest compares what it finds with that schema and
// changes none of it.
//
// Engines and commands use this package; a service only names [Parts].
package guest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bailiwick/bailiwick"
)

// Parts names what a service takes in: one of the constants, or several joined by
// commas: "outbox,inbox".
type Parts string

// The parts.
const (
	// Outbox publishes: the log, and who follows it.
	Outbox Parts = "outbox"
	// Inbox follows others' logs: positions, claimed keys, parked messages.
	Inbox Parts = "inbox"
	// Saga takes part in sagas, or runs them. That is following and publishing, so
	// it needs what the two need together.
	Saga Parts = "saga"
)

// Parse returns the parts that are named, as Outbox and Inbox; a name that is none
// has the code [bailiwick.Invalid].
func (p Parts) Parse() ([]Parts, error) {
	var list []Parts
	for _, name := range strings.Split(string(p), ",") {
		switch part := Parts(strings.TrimSpace(name)); part {
		case Outbox, Inbox:
			list = append(list, part)
		case Saga:
			list = append(list, Outbox, Inbox)
		default:
			return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: "guest: read the parts", Err: fmt.Errorf("%q is none", name),
				Do: "name outbox, inbox or saga, or several with commas between them"}
		}
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}
