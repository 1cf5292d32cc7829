package outbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/internal/pgtest"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/guest"
)

var server pgtest.Server

func TestMain(m *testing.M) {
	code := m.Run()
	server.Stop()
	os.Exit(code)
}

// The kinds of transactions: without a message, with one, without one again, and
// with a row in a table that a service might have made for messages by itself.
const (
	plain = iota
	told
	control
	handmade
	kinds
)

func BenchmarkTransaction(b *testing.B) {
	for _, lines := range []int{1, 4, 20} {
		for _, clients := range []int{1, 8} {
			b.Run(fmt.Sprintf("lines=%d/clients=%d", lines, clients), func(b *testing.B) {
				shop := open(b, clients)
				shop.rounds(b, clients, lines, 50) // statements get prepared, tables get pages
				took := shop.rounds(b, clients, lines, b.N)
				b.ReportMetric(0, "ns/op") // of all of them together, which is nobody's time
				b.ReportMetric(middle(took[told])/middle(took[plain]), "ratio")
				b.ReportMetric(middle(took[control])/middle(took[plain]), "control")
				b.ReportMetric(middle(took[handmade])/middle(took[plain]), "handmade")
				b.ReportMetric(middle(took[plain])*1e6, "µs/plain")
				b.ReportMetric(middle(took[told])*1e6, "µs/told")
			})
		}
	}
}

// middle is the mean of the middle four fifths, in seconds: on a machine that others
// use too, the rest is theirs.
func middle(list []time.Duration) float64 {
	slices.Sort(list)
	cut := len(list) / 10
	list = list[cut : len(list)-cut]
	var sum time.Duration
	for _, d := range list {
		sum += d
	}
	return sum.Seconds() / float64(len(list))
}

// shop is a service with its own pool.
type shop struct {
	pool   *sql.DB
	events *outbox.Outbox
	run    int
}

// open makes the tables, those of the outbox as "bailiwick schema print" writes
// them, and keeps and follows the log until the benchmark ends.
func open(b *testing.B, clients int) *shop {
	pool, err := sql.Open("pgx", server.Database(b))
	if err != nil {
		b.Fatal(err)
	}
	pool.SetMaxIdleConns(clients + 4)
	schema, err := postgres.Schema()
	if err != nil {
		b.Fatal(err)
	}
	statements, err := schema.Print(guest.Wanted{For: guest.Outbox})
	if err != nil {
		b.Fatal(err)
	}
	text := `CREATE TABLE stock (sku int PRIMARY KEY, pieces bigint NOT NULL);
		INSERT INTO stock SELECT n, 1000000 FROM generate_series(0, 999) n;
		CREATE TABLE sale (id text PRIMARY KEY, customer text NOT NULL, at timestamptz NOT NULL DEFAULT now());
		CREATE TABLE line (sale text NOT NULL REFERENCES sale, sku int NOT NULL REFERENCES stock, pieces bigint NOT NULL, PRIMARY KEY (sale, sku));
		CREATE TABLE handmade (id bigserial PRIMARY KEY, type text NOT NULL, data jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now());`
	for _, st := range statements {
		text += st.Text + ";\n"
	}
	if _, err := pool.Exec(text); err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	db, err := postgres.Wrap(ctx, pool, postgres.Options{Owner: "shop", Guest: guest.Outbox})
	if err != nil {
		b.Fatal(err)
	}
	var parts sync.WaitGroup
	parts.Go(func() {
		if err := db.Run(ctx); err != nil {
			b.Error(err)
		}
	})
	parts.Go(func() {
		if err := follow(ctx, db); err != nil && ctx.Err() == nil {
			b.Error(err)
		}
	})
	b.Cleanup(func() {
		stop()
		parts.Wait()
		if err := errors.Join(db.Close(), pool.Close()); err != nil {
			b.Error(err)
		}
	})
	return &shop{pool: pool, events: outbox.New(postgres.Outbox{}, outbox.Options{})}
}

// follow reads the log and acknowledges it, so that it is trimmed as well.
func follow(ctx context.Context, db *store.DB) error {
	feed, err := db.Log().Feed(ctx, store.Subscriber{Name: "warehouse"})
	for at := (bailiwick.Position{}); err == nil; {
		if err = feed.Wait(ctx, at); err == nil {
			var batch bailiwick.Batch
			if batch, err = feed.Read(ctx, at, 1000); err == nil {
				at = batch.Through
				feed.Ack(at)
			}
		}
	}
	return err
}

// rounds has each client run n transactions of each kind, in an order that changes
// from one to the next, and returns how long each took.
func (s *shop) rounds(b *testing.B, clients, lines, n int) (took [kinds][]time.Duration) {
	s.run++
	errs := make([]error, clients)
	var mu sync.Mutex
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			for i := range n {
				for _, kind := range rand.Perm(kinds) {
					begun := time.Now()
					if errs[c] = s.sell(fmt.Sprintf("%d-%d-%d-%d", s.run, c, i, kind), rand.IntN(1000), lines, kind); errs[c] != nil {
						return
					}
					end := time.Since(begun)
					mu.Lock()
					took[kind] = append(took[kind], end)
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		b.Fatal(err)
	}
	return took
}

type sold struct {
	ID    string `json:"id"`
	First int    `json:"first"`
	Lines int    `json:"lines"`
}

// sell is the transaction: a sale and its lines, each taken from the stock, and what
// its kind adds.
func (s *shop) sell(id string, first, lines, kind int) error {
	ctx := context.Background()
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	if _, err := tx.ExecContext(ctx, `INSERT INTO sale (id, customer) VALUES ($1, $2)`, id, "customer-7"); err != nil {
		return err
	}
	for n := range lines {
		sku := min(first, 979) + n // rising, so that nobody waits in a circle
		if _, err := tx.ExecContext(ctx, `UPDATE stock SET pieces = pieces - $1 WHERE sku = $2 AND pieces >= $1`, 1, sku); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO line (sale, sku, pieces) VALUES ($1, $2, $3)`, id, sku, 1); err != nil {
			return err
		}
	}
	switch kind {
	case told:
		err = s.events.Publish(ctx, tx, "sale.made", 1, id, sold{id, first, lines})
	case handmade:
		var data []byte
		if data, err = json.Marshal(sold{id, first, lines}); err == nil {
			_, err = tx.ExecContext(ctx, `INSERT INTO handmade (type, data) VALUES ($1, $2)`, "sale.made", data)
		}
	}
	if err != nil {
		return err
	}
	return tx.Commit()
}
