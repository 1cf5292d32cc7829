package saga_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// clock is moved by hand.
type clock struct {
	mu      sync.Mutex
	now     time.Time
	waiting []waiter
}

type waiter struct {
	at time.Time
	ch chan time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan time.Time, 1)
	if d <= 0 {
		ch <- c.now
		return ch
	}
	c.waiting = append(c.waiting, waiter{c.now.Add(d), ch})
	return ch
}

// advance moves the time and wakes who waited for it.
func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	var still []waiter
	for _, w := range c.waiting {
		if w.at.After(c.now) {
			still = append(still, w)
		} else {
			w.ch <- c.now
		}
	}
	c.waiting = still
}

// armed reports whether somebody waits for the time to move.
func (c *clock) armed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting) > 0
}

// trip is the state of the sagas in these tests.
type trip struct {
	Guest string `json:"guest"`
	Room  string `json:"room,omitempty"`
}

type request struct {
	Guest string `json:"guest"`
}

// world is an orchestrator and two participants, each with its own database, and
// a hand that carries messages between them one by one.
type world struct {
	t      *testing.T
	clock  *clock
	dir    string
	travel *store.DB
	hotel  *store.DB
	flight *store.DB

	orchestrator *saga.Orchestrator
	trips        *saga.Saga[trip]
	def          saga.Definition[trip]

	// refuse and fail name message types that participants refuse or fail at.
	refuse map[string]bool
	fail   map[string]bool

	at map[*store.DB]int64 // how far each log was carried
}

var errDown = errors.New("the participant's disk is on fire")

func definition() saga.Definition[trip] {
	ask := func(tx *store.Tx, s *trip) (any, error) { return request{Guest: s.Guest}, nil }
	status := func(text string) func(tx *store.Tx, s *trip) error {
		return func(tx *store.Tx, s *trip) error {
			_, err := tx.SQL().Exec(`INSERT INTO trip (guest, status) VALUES (?, ?)
				ON CONFLICT (guest) DO UPDATE SET status = excluded.status`, s.Guest, text)
			return err
		}
	}
	return saga.Definition[trip]{Name: "trip", Steps: []saga.Step[trip]{
		{Name: "create", Local: status("pending"), LocalUndo: func(tx *store.Tx, s *trip, why saga.Rejection) error {
			return status("cancelled: "+why.Reason)(tx, s)
		}},
		{Name: "hotel", Command: "hotel.book", Undo: "hotel.cancel", Request: ask, Reply: func(tx *store.Tx, s *trip, reply []byte) error {
			s.Room = string(reply)
			return nil
		}},
		{Name: "flight", Command: "flight.book", Undo: "flight.cancel", Request: ask, Attempts: 3},
		{Name: "confirm", Pivot: true, Local: status("confirmed")},
		{Name: "pay", Command: "hotel.pay", Attempts: 2},
	}}
}

func newWorld(t *testing.T, edit ...func(*saga.Definition[trip])) *world {
	t.Helper()
	w := &world{t: t, clock: newClock(), dir: t.TempDir(), def: definition(),
		refuse: map[string]bool{}, fail: map[string]bool{}, at: map[*store.DB]int64{}}
	for _, e := range edit {
		e(&w.def)
	}
	booking := []store.Migration{{Version: 1, Name: "bookings",
		SQL: `CREATE TABLE booking (n INTEGER PRIMARY KEY, guest TEXT NOT NULL, what TEXT NOT NULL)`}}
	w.hotel = w.open("hotel", booking)
	w.flight = w.open("flight", booking)
	w.openTravel()
	return w
}

func (w *world) open(name string, migrations []store.Migration) *store.DB {
	w.t.Helper()
	db, err := sqlite.Open(context.Background(), filepath.Join(w.dir, name+".db"), sqlite.Options{
		Owner: name, Migrations: migrations, Store: store.Options{Clock: w.clock}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = db.Close() })
	return db
}

func (w *world) openTravel() {
	w.t.Helper()
	w.travel = w.open("travel", []store.Migration{{Version: 1, Name: "trips",
		SQL: `CREATE TABLE trip (guest TEXT PRIMARY KEY, status TEXT NOT NULL)`}})
	w.orchestrator = saga.New(w.travel, saga.Options{})
	var err error
	if w.trips, err = saga.Register(w.orchestrator, w.def); err != nil {
		w.t.Fatal(err)
	}
}

// restart closes the orchestrator's database and opens it again, as after a crash
// of its process.
func (w *world) restart() {
	w.t.Helper()
	carried := w.at[w.travel]
	if err := w.travel.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.openTravel()
	w.at[w.travel] = carried
}

func (w *world) participants() map[*store.DB]follow.Handlers {
	do := func(db *store.DB, typ, what string) follow.Handler {
		return saga.Action(func(tx *store.Tx, c saga.Command, r request) (string, error) {
			if err := w.book(tx, typ, what, r); err != nil {
				return "", err
			}
			return "room 7", nil
		})
	}
	undo := func(typ, what string) follow.Handler {
		return saga.Compensation(func(tx *store.Tx, c saga.Command, r request) error { return w.book(tx, typ, what, r) })
	}
	return map[*store.DB]follow.Handlers{
		w.hotel: {"hotel.book": do(w.hotel, "hotel.book", "booked"), "hotel.cancel": undo("hotel.cancel", "cancelled"),
			"hotel.pay": do(w.hotel, "hotel.pay", "paid")},
		w.flight: {"flight.book": do(w.flight, "flight.book", "booked"), "flight.cancel": undo("flight.cancel", "cancelled")},
	}
}

func (w *world) book(tx *store.Tx, typ, what string, r request) error {
	if _, err := tx.SQL().Exec(`INSERT INTO booking (guest, what) VALUES (?, ?)`, r.Guest, what); err != nil {
		return err
	}
	if w.fail[typ] {
		return errDown
	}
	if w.refuse[typ] {
		return saga.Reject("full", "no place for %s", r.Guest)
	}
	return nil
}

// start begins a trip.
func (w *world) start(guest string) {
	w.t.Helper()
	err := w.travel.Do(context.Background(), func(tx *store.Tx) error {
		return w.trips.Start(tx, guest, guest, &trip{Guest: guest})
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// log reads all messages of a database's log after a seq.
func (w *world) log(db *store.DB, after int64) []*bailiwick.Message {
	w.t.Helper()
	feed, err := db.Log().Feed(context.Background(), store.Subscriber{Name: "hand", BestEffort: true})
	if err != nil {
		w.t.Fatal(err)
	}
	state, err := db.Log().State(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	if state.Head <= after {
		return nil
	}
	batch, err := feed.Read(context.Background(), bailiwick.Position{Epoch: state.Epoch, Seq: after}, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	return batch.Messages
}

// deliver hands one message to whoever handles it. A handler's error is returned,
// and nothing of it remains.
func (w *world) deliver(m *bailiwick.Message) error {
	ctx := context.Background()
	handlers := w.participants()
	handlers[w.travel] = w.orchestrator.Handlers()
	for db, hs := range handlers {
		h := hs[m.Type]
		if h == nil {
			continue
		}
		err := db.Do(ctx, func(tx *store.Tx) error {
			return tx.Handling(m, func() error { return h(tx, m) })
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// carry delivers messages until there are none left. keep says which are
// delivered; the others are lost on their way.
func (w *world) carry(keep func(*bailiwick.Message) bool) {
	w.t.Helper()
	for moved := true; moved; {
		moved = false
		for _, db := range []*store.DB{w.travel, w.hotel, w.flight} {
			for _, m := range w.log(db, w.at[db]) {
				w.at[db] = m.Seq
				moved = true
				if keep != nil && !keep(m) {
					continue
				}
				if err := w.deliver(m); err != nil && !errors.Is(err, errDown) {
					w.t.Fatal(err)
				}
			}
		}
	}
}

// tick lets one round of timers happen after d.
func (w *world) tick(d time.Duration) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.orchestrator.Run(ctx) }()
	w.await(w.clock.armed)
	w.clock.advance(d)
	w.await(w.clock.armed) // armed again: the round is over
	cancel()
	if err := <-done; err != nil {
		w.t.Fatal(err)
	}
	w.clock.waiting = nil
}

func (w *world) await(ok func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			w.t.Fatal("waited 10 s for nothing")
		}
		time.Sleep(100 * time.Microsecond)
	}
}

func (w *world) show(guest string) saga.Status {
	w.t.Helper()
	s, err := saga.Show(context.Background(), w.travel, guest)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// status returns what the travel service's own table says.
func (w *world) status(guest string) string {
	w.t.Helper()
	var s string
	err := w.travel.Read(context.Background(), func(tx *store.Tx) error {
		return tx.SQL().QueryRow(`SELECT status FROM trip WHERE guest = ?`, guest).Scan(&s)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// bookings returns what a participant's own table says, in order.
func (w *world) bookings(db *store.DB, guest string) []string {
	w.t.Helper()
	var list []string
	err := db.Read(context.Background(), func(tx *store.Tx) error {
		list = nil
		rows, err := tx.SQL().Query(`SELECT what FROM booking WHERE guest = ? ORDER BY n`, guest)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var what string
			if err := rows.Scan(&what); err != nil {
				return err
			}
			list = append(list, what)
		}
		return rows.Err()
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}
