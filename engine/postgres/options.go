package postgres

import (
	"time"

	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/guest"
)

// Options say whose database it is and how it is used. Only Owner must be set.
type Options struct {
	// Owner is the name of the service that owns the database: "order". It is
	// recorded when the database is first opened and compared ever after.
	Owner string
	// Migrations are the service's own schema, applied before Open returns.
	Migrations []store.Migration
	// Guest names the parts of this project that a database holds whose tables the
	// service manages itself: "outbox", "inbox", "saga", or several with commas
	// between them. The tables come with the service's own migrations, which
	// "bailiwick schema print" writes; they are compared with what the parts need
	// and never altered. Migrations must be empty then.
	Guest guest.Parts
	// Contract applies [store.Contract] steps too, so that there is no way back to
	// an older program. Without it those at the end wait. While an older program
	// has the database open, Open is refused with [bailiwick.Locked].
	Contract bool
	// Store tunes what does not depend on the engine.
	Store store.Options
	// Schema is the schema that holds all tables; "" means "public". Open puts it
	// on the search path of its connections; with Wrap that is the caller's part.
	Schema string
	// MaxConns bounds the connections; 0 means 16. Wrap leaves the pool as it is.
	MaxConns int
	// MaxIdle bounds the connections that are kept while nobody uses them; 0
	// means MaxConns, because making one is dear.
	MaxIdle int
	// IdleTime is how long an unused connection is kept; 0 means five minutes.
	IdleTime time.Duration
	// Lifetime is how long any connection is kept, so that processes move to the
	// servers behind an address that changed; 0 means half an hour.
	Lifetime time.Duration
	// ReadOnly opens for inspection: it never migrates, takes no ownership, and
	// works beside running owners. An empty Owner then means whoever owns it.
	ReadOnly bool
	// Offline opens to change the database by hand, beside running owners too:
	// it must have been set up by its owner, nothing is migrated, and Migrations
	// are ignored. An empty Owner then means whoever owns it.
	Offline bool
	// Exclusive opens only where no process of the owner is running, and keeps
	// them out until Close: for work that must be alone.
	Exclusive bool
}

func (o Options) withDefaults() Options {
	if o.Schema == "" {
		o.Schema = "public"
	}
	if o.MaxConns == 0 {
		o.MaxConns = 16
	}
	if o.MaxIdle == 0 {
		o.MaxIdle = o.MaxConns
	}
	if o.IdleTime == 0 {
		o.IdleTime = 5 * time.Minute
	}
	if o.Lifetime == 0 {
		o.Lifetime = 30 * time.Minute
	}
	return o
}
