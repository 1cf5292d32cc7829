package bailiwicktest_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/bailiwick/bailiwick/bailiwicktest"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/internal/pgtest"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

var server pgtest.Server

func TestMain(m *testing.M) {
	code := m.Run()
	server.Stop()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// sale is the state of the till's sagas, and what its messages tell.
type sale struct {
	ID    string `json:"id"`
	Price int    `json:"price"`
}

// till sells: it has the bank take the money, then confirms.
var till = bailiwicktest.Service{Name: "till",
	Migrations: []store.Migration{{Version: 1, Name: "sales", SQL: `CREATE TABLE sale (id TEXT PRIMARY KEY, state TEXT NOT NULL)`}},
	New: func(db *store.DB) (*service.Service, error) {
		note := func(tx *store.Tx, s *sale, state string) error {
			_, err := tx.SQL().Exec(`INSERT INTO sale (id, state) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state`, s.ID, state)
			return err
		}
		sagas := saga.New(db, saga.Options{})
		sales, err := saga.Register(sagas, saga.Definition[sale]{Name: "sale", Steps: []saga.Step[sale]{
			{Name: "create", Local: func(tx *store.Tx, s *sale) error { return note(tx, s, "open") },
				LocalUndo: func(tx *store.Tx, s *sale, why saga.Rejection) error { return note(tx, s, why.Reason) }},
			{Name: "pay", Command: "bank.pay", Undo: "bank.refund", Attempts: 2},
			{Name: "confirm", Pivot: true, Local: func(tx *store.Tx, s *sale) error {
				if err := note(tx, s, "sold"); err != nil {
					return err
				}
				return outbox.Publish(tx, "till.sold", 1, s.ID, s)
			}},
		}})
		mux := http.NewServeMux()
		mux.Handle("POST /sales", inbox.HandleHTTP(db, func(tx *store.Tx, _ *http.Request, s sale) (sale, error) {
			return s, sales.Start(tx, s.ID, "k", &s)
		}))
		mux.Handle("GET /sales/{id}", inbox.HandleHTTP(db, func(tx *store.Tx, r *http.Request, _ struct{}) (state string, err error) {
			return state, tx.SQL().QueryRow(`SELECT state FROM sale WHERE id = ?`, r.PathValue("id")).Scan(&state)
		}))
		return &service.Service{Name: "till", DB: db, API: mux, Parts: []service.Part{sagas},
			Follows: map[string]follow.Handlers{"bank": sagas.Handlers()}}, err
	}}

// bank takes money, gives it back, and hears what was sold.
var bank = bailiwicktest.Service{Name: "bank",
	Migrations: []store.Migration{{Version: 1, Name: "entries", SQL: `CREATE TABLE entry (sale TEXT NOT NULL, amount BIGINT NOT NULL)`}},
	New: func(db *store.DB) (*service.Service, error) {
		book := func(tx *store.Tx, s sale, amount int) error {
			_, err := tx.SQL().Exec(`INSERT INTO entry (sale, amount) VALUES (?, ?)`, s.ID, amount)
			return err
		}
		return &service.Service{Name: "bank", DB: db, Follows: map[string]follow.Handlers{"till": {
			"bank.pay":    saga.Action(func(tx *store.Tx, _ saga.Command, s sale) (struct{}, error) { return struct{}{}, book(tx, s, s.Price) }),
			"bank.refund": saga.Compensation(func(tx *store.Tx, _ saga.Command, s sale) error { return book(tx, s, -s.Price) }),
		}}}, nil
	}}

const entries = `SELECT sale, amount FROM entry ORDER BY sale, amount DESC`

// onEach runs a test on SQLite, and on PostgreSQL where tests with a server run.
func onEach(t *testing.T, test func(t *testing.T)) {
	t.Run("sqlite", test)
	t.Run("postgres", func(t *testing.T) {
		t.Setenv(bailiwicktest.Variable, server.Database(t))
		test(t)
	})
}

// A probe is a test that may fail, so that failures can be tested.
type probe struct {
	testing.TB
	mu   sync.Mutex
	said strings.Builder
}

func (p *probe) Helper() {}

func (p *probe) Error(args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintln(&p.said, args...)
}

func (p *probe) Errorf(format string, args ...any) { p.Error(fmt.Sprintf(format, args...)) }

// Fatalf ends the function under test by a panic, which says recovers.
func (p *probe) Fatalf(format string, args ...any) {
	p.Errorf(format, args...)
	panic(p)
}

func (p *probe) Fatal(args ...any) {
	p.Error(args...)
	panic(p)
}

// during returns what fails while f runs; "" if nothing does.
func (p *probe) during(f func()) (text string) {
	defer func() {
		if r := recover(); r != nil && r != p {
			panic(r)
		}
		text = p.said.String()
	}()
	f()
	return ""
}

// wantSaid fails unless a check fails and says all of the texts.
func wantSaid(t *testing.T, check func(t testing.TB), texts ...string) {
	t.Helper()
	p := &probe{TB: t}
	got := p.during(func() { check(p) })
	for _, text := range texts {
		if !strings.Contains(got, text) {
			t.Errorf("the check says\n%s\nwant %q in it", got, text)
		}
	}
}
