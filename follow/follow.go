// Package follow is the one loop under every pattern: it reads a log in order,
// applies its messages to the database of the service that follows, and commits
// its position in the same transaction as their effects. So the effect of each
// message happens exactly once, whatever is killed or repeated.
//
// A message whose handler fails is tried again with exponential backoff and
// jitter, then parked with its whole text; later messages of its key queue behind
// it, other keys go on. A failure of the database itself parks nothing: the
// follower waits and tries again.
package follow

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// A Source is a log as one follower reads it. *store.Feed is one.
type Source interface {
	// Log returns the log's name: "order/outbox".
	Log() string
	// Read returns the messages after a position, at most limit of them. The
	// codes [bailiwick.Gone], [bailiwick.Forked] and [bailiwick.Closed] stop a
	// follower; after any other error it asks again.
	Read(ctx context.Context, after bailiwick.Position, limit int) (bailiwick.Batch, error)
	// Wait returns nil once there is something after a position.
	Wait(ctx context.Context, after bailiwick.Position) error
	// Ack tells the log that everything up to p is committed.
	Ack(p bailiwick.Position)
}

// A Handler applies one message inside the follower's transaction. An error means
// that nothing it did remains and that it is called again later, unless its code
// is [bailiwick.Poison] or [bailiwick.Invalid], which parks the message at once.
type Handler func(tx *store.Tx, m *bailiwick.Message) error

// Handlers maps message types to handlers. Messages of other types are skipped.
type Handlers map[string]Handler

// Types returns the types that are handled, sorted.
func (h Handlers) Types() []string { return slices.Sorted(maps.Keys(h)) }

// Follower applies one log to one database. Fill in DB, Source and Handlers, then
// [Follower.Run] it. The fields are not changed while it runs.
type Follower struct {
	// Name is unique in the database; empty means the source's log name, which
	// fits a service that follows each log once.
	Name string
	// DB is where effects and positions are committed.
	DB *store.DB
	// Source is the log.
	Source Source
	// Handlers apply the messages.
	Handlers Handlers
	// Errand is run outside, before the transaction, for messages of its types; most
	// followers have none.
	Errand Errand
	// Lanes is how many workers share the log, by a hash of the key; 0 means one.
	// It changes only when every lane has come to the same position, as all do
	// once the log is quiet.
	Lanes int
	// Batch is how many messages one transaction applies at most; 0 means 256.
	Batch int
	// Retry says when a failed message is tried again and parked.
	Retry Retry
	// MaxParked is how many keys may be set aside at once, whether they wait for
	// their next attempt or for a person. One more, and the follower stops with
	// [bailiwick.Parked], because then the fault is likely its own; 0 means 100.
	MaxParked int
	// Rand is the source of jitter; nil means a randomly seeded one.
	Rand *rand.Rand
	// Logger is told of troubles; nil means the database's.
	Logger *slog.Logger

	running atomic.Pointer[runner] // for Wake
}

// Retry is exponential backoff with full jitter: the wait after a failure is
// drawn between nothing and a bound that doubles with each attempt, so that
// messages that failed together do not come back together.
type Retry struct {
	// First bounds the wait after the first failure; 0 means 100 ms.
	First time.Duration
	// Max bounds every wait; 0 means one minute.
	Max time.Duration
	// Attempts is how often a message is tried before it is parked for a person;
	// 0 means 10.
	Attempts int
}
