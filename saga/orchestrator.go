package saga

import (
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/store"
)

// Options tune an orchestrator. The zero value is ready to use.
type Options struct {
	// Tick is how often overdue answers are looked for; 0 means 250 ms.
	Tick time.Duration
	// Jump is the difference between wall clock and monotonic clock, within one
	// tick, from which the clock is taken to have jumped; 0 means 2 s.
	Jump time.Duration
	// Hold is for how long timers rest after such a jump; 0 means one minute.
	Hold time.Duration
	// Monotonic tells the time since some start, untouched by whoever sets the
	// clock; nil means the monotonic reading of the database's clock.
	Monotonic func() time.Duration
	// Logger is told of parked sagas and of clock jumps; nil means the database's.
	Logger *slog.Logger
}

// Orchestrator drives the sagas that one service starts. It is a part to run
// (its timers) and a set of handlers (for the participants' replies).
type Orchestrator struct {
	db    *store.DB
	opts  Options
	plans map[string]*plan
	// memory is nil where several processes may drive the sagas.
	memory *memory
}

// New makes an orchestrator whose sagas live in db.
func New(db *store.DB, opts Options) *Orchestrator {
	if opts.Tick <= 0 {
		opts.Tick = 250 * time.Millisecond
	}
	if opts.Jump <= 0 {
		opts.Jump = 2 * time.Second
	}
	if opts.Hold <= 0 {
		opts.Hold = time.Minute
	}
	if opts.Logger == nil {
		opts.Logger = db.Logger()
	}
	o := &Orchestrator{db: db, opts: opts, plans: map[string]*plan{}}
	if !db.Capabilities().Shared {
		o.memory = &memory{}
	}
	return o
}

// Saga starts sagas of one definition.
type Saga[S any] struct {
	orchestrator *Orchestrator
	plan         *plan
}

// Register adds a definition before the orchestrator runs. A definition that
// contradicts itself, or a name that is taken, has the code [bailiwick.Invalid].
func Register[S any](o *Orchestrator, def Definition[S]) (*Saga[S], error) {
	p, err := newPlan(def)
	if err != nil {
		return nil, err
	}
	if o.plans[p.name] != nil {
		return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: "saga: define " + p.name, Err: errTaken, Do: "give each saga a name of its own"}
	}
	o.plans[p.name] = p
	return &Saga[S]{orchestrator: o, plan: p}, nil
}

var (
	errTaken = errors.New("the name is taken")
	errBadID = errors.New("a saga's id consists of 1 to 200 letters, digits, dots, dashes and underscores")
)

// Start begins a saga in the caller's transaction: it commits with the change
// that starts it, or not at all. id is unique among the service's sagas; a second
// one has the code [bailiwick.Conflict]. Messages about the saga are published
// under key, so that whatever shares the key happens in order.
//
// Leading local steps run at once; an error of theirs, a rejection too, is
// returned, and the caller's transaction should fail with it.
func (s *Saga[S]) Start(tx *store.Tx, id, key string, state *S) error {
	if !named.MatchString(id) {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: "saga: start " + s.plan.name, Err: errBadID}
	}
	in := &instance{id: id, status: Running, plan: s.plan, state: state, doc: document{
		Name: s.plan.name, Key: key, Phase: Running, Trace: bailiwick.Trace(tx.Context()), Started: now(tx).UnixMicro(),
	}}
	if err := in.forward(tx, 0, true); err != nil {
		return err
	}
	return s.orchestrator.save(tx, in)
}

// Handlers take the replies of participants. Every log on which a participant
// answers must be followed with them.
func (o *Orchestrator) Handlers() follow.Handlers {
	return follow.Handlers{replyType(o.db.Owner()): o.reply}
}

// reply moves a saga on by one answer.
func (o *Orchestrator) reply(tx *store.Tx, m *bailiwick.Message) error {
	if err := follow.CheckVersion("saga: read", m, wireVersion); err != nil {
		return err
	}
	var r wireReply
	if err := json.Unmarshal(m.Data, &r); err != nil {
		return &bailiwick.Error{Code: bailiwick.Poison, Op: "saga: read a reply", Err: err, Do: "correct the participant"}
	}
	in, ok, err := o.load(tx, r.ID)
	if err == nil && ok && !in.awaits(r) && o.memory != nil {
		// What is remembered is a guess, and saving is what finds out; an answer
		// that is dropped saves nothing. Taking it has emptied its place, so this
		// reads the saga as it is.
		in, ok, err = o.load(tx, r.ID)
	}
	if err != nil {
		return err
	}
	if !ok {
		o.opts.Logger.Warn("a participant answered a saga that this database does not know", "saga", r.ID, "step", r.Step, "outcome", r.Outcome)
		return nil
	}
	if !in.awaits(r) {
		return nil // a repeat of an answer that was taken already
	}
	if err := in.take(tx, r.answer); err != nil {
		return err
	}
	o.report(in)
	return o.save(tx, in)
}

// report tells people of a saga that needs one.
func (o *Orchestrator) report(in *instance) {
	if in.status == Parked {
		o.opts.Logger.Error("a saga is parked and waits for a person", "saga", in.id, "name", in.doc.Name, "step", in.doc.Step, "op", in.doc.Op, "reason", in.doc.Parked)
	}
}

func now(tx *store.Tx) time.Time { return tx.Now().UTC().Truncate(time.Microsecond) }
