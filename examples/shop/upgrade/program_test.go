package upgrade_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/httpfeed"
	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop/notification"
	"github.com/bailiwick/bailiwick/examples/shop/notification/notificationapi"
	"github.com/bailiwick/bailiwick/examples/shop/order"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/upgrade"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/service/serve"
	"github.com/bailiwick/bailiwick/service/supervise"
	"github.com/bailiwick/bailiwick/store"
)

// The environment variables that make this test program a process of one service and
// nothing else: which program it is, on which database, and where it finds the
// services that it follows.
const (
	programVariable  = "UPGRADE_TEST_PROGRAM"
	databaseVariable = "UPGRADE_TEST_DATABASE"
	peersVariable    = "UPGRADE_TEST_PEERS"
)

// A program is one release of a service.
type program struct {
	service    string
	migrations func() ([]store.Migration, error)
	make       func(*store.DB) (*service.Service, error)
	followers  []string // of its log
	contract   bool     // it contracts the schema, and that is all
}

// The releases of the notification service, by how they stand to today's, and that of
// the order service.
const (
	before      = "before"      // knows notice.customer
	after       = "after"       // knows notice.recipient
	next        = "next"        // reads the second version of order.rejected too
	contracting = "contracting" // after, where nobody will go back
	ordering    = "ordering"    // today's order service
)

func programNamed(name string) program {
	p := program{notification.Name, notification.Migrations, notification.New, []string{order.Name}, false}
	switch name {
	case after:
	case before:
		p.migrations, p.make = upgrade.MigrationsBefore, upgrade.NotificationBefore
	case next:
		p.make = notificationNext
	case contracting:
		p.contract = true
	case ordering:
		p = program{order.Name, order.Migrations, order.New, []string{"delivery", "inventory", "notification", "payment"}, false}
	default:
		panic("there is no program " + name)
	}
	return p
}

// lastWords is what a process logs that ends with an error.
const lastWords = "the program ended"

// runProgram is the main function of a process of a service. It returns the exit
// code.
func runProgram(name string) int {
	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(supervise.Lifeline(context.Background()), syscall.SIGTERM)
	defer stop()
	if err := programNamed(name).run(ctx, logger, os.Getenv(databaseVariable), os.Getenv(peersVariable)); err != nil {
		logger.Error(lastWords, "code", bailiwick.CodeOf(err), "err", err)
		return 1
	}
	return 0
}

// run runs the service until ctx ends, and drains it then.
func (p program) run(ctx context.Context, logger *slog.Logger, database, peers string) (err error) {
	db, err := p.open(ctx, logger, database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if p.contract {
		return nil
	}
	if err := db.Log().Expect(ctx, p.followers...); err != nil {
		return err
	}
	s, err := p.make(db)
	if err != nil {
		return err
	}
	count(s)
	lanes := 1
	if db.Capabilities().Shared {
		lanes = 4 // for the instances to share
	}
	return serve.RunWith(ctx, "127.0.0.1:0", serve.Options{Group: service.Options{
		Logger: logger, DrainTimeout: time.Second,
		Feed: func(log *store.Log) http.Handler { return httpfeed.Handler(log, httpfeed.ServerOptions{}) },
		Sources: func(_ context.Context, consumer *service.Service, producer string, types []string) (follow.Source, error) {
			return httpfeed.New(httpfeed.Options{URL: peers + "/" + producer + "/feed", Log: store.LogName(producer), Follower: consumer.Name, Types: types})
		},
		Tune: func(_ *service.Service, f *follow.Follower) { f.Lanes = lanes },
	}}, s)
}

// open opens the service's database with what the program knows of its schema.
func (p program) open(ctx context.Context, logger *slog.Logger, database string) (*store.DB, error) {
	migrations, err := p.migrations()
	if err != nil {
		return nil, err
	}
	opts := store.Options{Logger: logger, SlowQuery: -1}
	if path, ok := strings.CutPrefix(database, "sqlite:"); ok {
		return sqlite.Open(ctx, path, sqlite.Options{Owner: p.service, Migrations: migrations, Contract: p.contract,
			Synchronous: sqlite.Off, Store: opts})
	}
	return postgres.Open(ctx, database, postgres.Options{Owner: p.service, Migrations: migrations, Contract: p.contract,
		MaxConns: 6, Store: opts})
}

// count has a service tell, at /applied beside its API, how many messages this
// process has applied.
func count(s *service.Service) {
	var applied atomic.Int64
	for _, handlers := range s.Follows {
		for typ, handle := range handlers {
			handlers[typ] = func(tx *store.Tx, m *bailiwick.Message) error {
				tx.AfterCommit(func() { applied.Add(1) })
				return handle(tx, m)
			}
		}
	}
	api := http.NewServeMux()
	api.Handle("/", s.API)
	api.HandleFunc("GET /applied", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(applied.Load()) })
	s.API = api
}

// refusal is what order.rejected may carry one day, in version 2: all the reasons.
// Whoever reads it as version 1 would tell the customer none.
type refusal struct {
	orderapi.Rejected
	Reasons []string `json:"reasons"`
}

// refusalVersion is the schema version of a refusal.
const refusalVersion = orderapi.Version + 1

// notificationNext is today's service, and reads refusals.
func notificationNext(db *store.DB) (*service.Service, error) {
	s, err := notification.New(db)
	if err != nil {
		return nil, err
	}
	today := s.Follows["order"][orderapi.OrderRejected]
	s.Follows["order"][orderapi.OrderRejected] = inbox.Handle(refusalVersion, func(tx *store.Tx, m *bailiwick.Message, r refusal) error {
		if m.Version < refusalVersion {
			return today(tx, m)
		}
		_, err := tx.SQL().Exec(`INSERT INTO notice (document, kind, recipient, text, at) VALUES (?, ?, ?, ?, ?)`,
			r.Document, notificationapi.Rejection, r.Customer, "Refused: "+strings.Join(r.Reasons, ", ")+".", tx.Now().UnixMilli())
		return err
	})
	return s, nil
}
