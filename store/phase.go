package store

import "strings"

// A Phase says how a migration stands to the programs around it, so that old and
// new ones can run side by side on one database while one takes over from the
// other. In the name of a file it stands before ".sql": 0002_recipient.expand.sql.
//
// A change that an older program could not live with is made in steps: expand adds
// what is new beside what is old and keeps both alike, backfill fills in the rows
// that were there, and contract takes the old away once nobody needs it.
type Phase string

// The phases.
const (
	// Plain is a step without promises: it is applied when the database is opened,
	// and programs that do not know it refuse the database from then on.
	Plain Phase = ""
	// Expand only adds. The program before it works on, and may be started again:
	// it opens a database that is ahead of it by such steps alone.
	Expand Phase = "expand"
	// Concurrent is an Expand of one statement that runs outside of a transaction
	// where the engine needs that: CREATE INDEX CONCURRENTLY IF NOT EXISTS. It may
	// run again after it failed half-way.
	Concurrent Phase = "concurrent"
	// Backfill is one statement that changes a bounded number of rows. It is
	// repeated, each time in a transaction of its own, until it changes none, beside
	// programs that are at work. Older programs open what it has filled.
	Backfill Phase = "backfill"
	// Contract takes away what only older programs need. It is applied when it is
	// asked for, when a later step that is no contract stands behind it, or to a new
	// database; never while an older program has the database open, and only if
	// [Migration].Check finds nothing.
	Contract Phase = "contract"
)

// Compatible reports whether a program that does not know a step of this phase can
// work with a database that has it.
func (p Phase) Compatible() bool { return p == Expand || p == Concurrent || p == Backfill }

// phaseOf reads the phase from what a database has recorded: "recipient.expand".
func phaseOf(recorded string) Phase {
	_, phase, _ := strings.Cut(recorded, ".")
	return Phase(phase)
}

// DueMigrations returns those of pending that are applied when a database is
// opened: all of them where it is new or contracting is asked for, else all but
// the contracts at the end.
func DueMigrations(pending []Migration, fresh, contract bool) []Migration {
	if fresh || contract {
		return pending
	}
	n := len(pending)
	for n > 0 && pending[n-1].Phase == Contract {
		n--
	}
	return pending[:n]
}
