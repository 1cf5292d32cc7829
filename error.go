package bailiwick

import (
	"context"
	"errors"
	"strings"
)

// A Code names a kind of failure. Callers test codes, never texts.
type Code string

// The codes. Each says what a person or a program can do next.
const (
	// Internal: a fault in the program; report it.
	Internal Code = "internal"
	// Invalid: the caller's input is wrong and stays wrong; correct it.
	Invalid Code = "invalid"
	// NotFound: what was named does not exist.
	NotFound Code = "not_found"
	// Conflict: somebody else changed it first; read it again, then decide again.
	Conflict Code = "conflict"
	// Stale: a worker's position or term was overtaken; it must stop and start anew.
	Stale Code = "stale"
	// Unavailable: the database or its server did not do it; try again later.
	Unavailable Code = "unavailable"
	// Unknown: it may or may not have been committed; look before trying again.
	Unknown Code = "unknown"
	// Closed: the database or part was closed.
	Closed Code = "closed"
	// Gone: the position was trimmed from the log, or never was in it; the
	// follower needs a snapshot.
	Gone Code = "gone"
	// Forked: the log's past differs from what the follower has seen; halt.
	Forked Code = "forked"
	// WrongOwner: the database belongs to another service.
	WrongOwner Code = "wrong_owner"
	// Locked: a running owner holds the database.
	Locked Code = "locked"
	// SchemaNewer: the database was migrated by a newer program.
	SchemaNewer Code = "schema_newer"
	// SchemaChanged: a migration that was applied has been edited since.
	SchemaChanged Code = "schema_changed"
	// NotDatabase: the file is not a database of this engine.
	NotDatabase Code = "not_database"
	// Unsupported: this engine does not have that capability.
	Unsupported Code = "unsupported"
	// KeyReused: an idempotency key came again with another request.
	KeyReused Code = "key_reused"
	// Poison: a message that can never be handled; it is parked at once.
	Poison Code = "poison"
	// Parked: too many keys are parked; the follower has stopped.
	Parked Code = "parked"
)

// An Error is what this project's packages return: the operation that failed,
// named once by whoever performed it, a code for programs, and a sentence that
// tells a person what to do next.
type Error struct {
	Code Code
	// Op is the operation: "sqlite: open".
	Op string
	// Do tells a person what to do next. It may be empty.
	Do string
	// Err is the cause. It may be nil.
	Err error
}

// Error returns "op: cause (code): what to do".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	b.WriteString(" (")
	b.WriteString(string(e.Code))
	b.WriteString(")")
	if e.Do != "" {
		b.WriteString(": ")
		b.WriteString(e.Do)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the outermost [Error] in err's chain; "" for nil,
// and [Internal] where there is none. A cancelled or expired context without a
// code is [Unavailable].
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Unavailable
	}
	return Internal
}
