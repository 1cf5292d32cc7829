package postgres

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
)

const (
	loadWriters = 24
	loadKeys    = 48
	loadFor     = 3 * time.Second
)

// load is what came of writers that run for a while beside a sequencer.
type load struct {
	committed map[bailiwick.ID]time.Time // when the writer was told
	stamped   []bailiwick.Message
	at        map[bailiwick.ID]time.Time // when its seq was known
	byID      map[string]bool            // what a reader of id > last saw
	byGate    int                        // how many a reader behind pg_snapshot_xmin had seen when the writers ended
}

// run has 24 writers commit to keys under their locks, one in eight rolled back.
func run(t *testing.T, d *db) *load {
	t.Helper()
	l := &load{committed: map[bailiwick.ID]time.Time{}, at: map[bailiwick.ID]time.Time{}, byID: map[string]bool{}}
	d.sweeping.debt = -1 << 40 // the readers that go by the staging table need it whole
	do(t, d, func(tx driver.Tx) error {
		_, err := tx.SQL().ExecContext(context.Background(), "CREATE TABLE IF NOT EXISTS counter (key text PRIMARY KEY, n int NOT NULL)")
		if err == nil {
			_, err = tx.SQL().ExecContext(context.Background(), "INSERT INTO counter SELECT g::text, 0 FROM generate_series(0, ?) g ON CONFLICT (key) DO UPDATE SET n = 0", loadKeys-1)
		}
		return err
	})
	nudge := make(chan struct{}, 1)
	d.OnCommit(func([]bailiwick.Message) {
		select {
		case nudge <- struct{}{}:
		default:
		}
	})
	var first int64
	if err := d.pool.QueryRow("SELECT coalesce(max(id), 0) FROM bailiwick_staging").Scan(&first); err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	var readers, writers sync.WaitGroup
	readers.Go(func() {
		for ended := false; ; {
			msgs, err := d.Stamp(context.Background(), 1, 2000)
			if err != nil {
				t.Error(err)
				return
			}
			now := time.Now()
			for _, m := range msgs {
				l.at[m.ID] = now
			}
			l.stamped = append(l.stamped, msgs...)
			if len(msgs) > 0 {
				continue
			}
			if ended {
				return
			}
			select {
			case <-nudge:
			case <-over:
				ended = true
			}
		}
	})
	readers.Go(func() { l.readByID(t, d, first, over) })

	deadline := time.Now().Add(loadFor)
	refused := errors.New("refused")
	var mu sync.Mutex
	for w := range loadWriters {
		writers.Go(func() {
			for i := 0; time.Now().Before(deadline); i++ {
				key := string(rune('0' + (w*7+i*5)%10))
				var m bailiwick.Message
				err := d.Do(context.Background(), func(tx driver.Tx) error {
					var n int
					if err := tx.SQL().QueryRowContext(context.Background(), "UPDATE counter SET n = n + 1 WHERE key = ? RETURNING n", key).Scan(&n); err != nil {
						return err
					}
					m = message(key, n)
					if err := tx.Append([]bailiwick.Message{m}); err != nil {
						return err
					}
					if i%8 == 7 {
						return refused
					}
					return nil
				})
				switch {
				case err == nil:
					mu.Lock()
					l.committed[m.ID] = time.Now()
					mu.Unlock()
				case err != refused:
					t.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
	err := d.pool.QueryRow("SELECT count(*) FROM bailiwick_staging WHERE id > $1 AND xid < pg_snapshot_xmin(pg_current_snapshot())", first).Scan(&l.byGate)
	if err != nil {
		t.Error(err)
	}
	close(over)
	readers.Wait()
	return l
}

// readByID is the reader that most projects have.
func (l *load) readByID(t *testing.T, d *db, last int64, over chan struct{}) {
	for ended := false; !ended; {
		select {
		case <-over:
			ended = true
		case <-time.After(5 * time.Millisecond):
		}
		rows, err := d.pool.Query("SELECT id, message::text FROM bailiwick_staging WHERE id > $1 ORDER BY id", last)
		if err != nil {
			t.Error(err)
			return
		}
		for rows.Next() {
			var id string
			if err := rows.Scan(&last, &id); err != nil {
				t.Error(err)
			}
			l.byID[id] = true
		}
		rows.Close()
	}
}

// right fails unless every committed message came once, in its key's order.
func (l *load) right(t *testing.T) {
	t.Helper()
	if len(l.stamped) != len(l.committed) || len(l.at) != len(l.committed) {
		t.Errorf("%d messages were committed, %d were stamped, %d different ones", len(l.committed), len(l.stamped), len(l.at))
	}
	last := map[string]int{}
	for i := range l.stamped {
		m := &l.stamped[i]
		if i > 0 && m.Seq != l.stamped[i-1].Seq+1 {
			t.Errorf("seq %d follows %d", m.Seq, l.stamped[i-1].Seq)
		}
		if n := number(t, m); n != last[m.Key]+1 {
			t.Errorf("key %s: %d follows %d", m.Key, n, last[m.Key])
		}
		last[m.Key] = number(t, m)
		if _, ok := l.committed[m.ID]; !ok {
			t.Errorf("%s was stamped and not committed", m.ID)
		}
	}
}

// lag is the 99th percentile from a writer's being told to the seq's being known.
func (l *load) lag() time.Duration {
	var list []time.Duration
	for id, told := range l.committed {
		list = append(list, max(l.at[id].Sub(told), 0))
	}
	slices.Sort(list)
	return list[len(list)*99/100]
}

// 24 writers with rollbacks, while a write transaction stays open in this database
// and one in another: nothing is lost, nothing comes twice, and nobody waits. The
// same load is run twice with nothing open, to know what the comparison is worth.
// The two readers that are known to be wrong are seen to be wrong.
func TestOpenTransactionsDelayNothing(t *testing.T) {
	url := server.Database(t)
	d := opened(t, url, Options{MaxConns: loadWriters + 8})
	one, again := run(t, d), run(t, d)
	here, there := holdOpen(t, url), holdOpen(t, server.Database(t))
	held := run(t, d)
	here()
	there()
	for _, l := range []*load{one, again, held} {
		l.right(t)
	}
	a, b, c := one.lag(), again.lag(), held.lag()
	t.Logf("p99 lag with nothing open %v (%d messages) and %v (%d); beside open transactions %v (%d)",
		a, len(one.stamped), b, len(again.stamped), c, len(held.stamped))
	if c > 100*time.Millisecond && c > 3*max(a, b) {
		t.Errorf("open transactions raise the p99 lag from %v and %v to %v", a, b, c)
	}
	lost := 0
	for _, l := range []*load{one, again, held} {
		for id := range l.committed {
			if !l.byID[id.String()] {
				lost++
			}
		}
	}
	t.Logf("a reader of id > last loses %d; one behind pg_snapshot_xmin has seen %d of %d", lost, held.byGate, len(held.committed))
	if lost == 0 {
		t.Error("a reader of id > last lost nothing: the load proves nothing")
	}
	if held.byGate > len(held.committed)/10 {
		t.Errorf("a reader behind pg_snapshot_xmin has seen %d messages beside an open transaction: the load proves nothing", held.byGate)
	}
}

// Two instances of a service: when the one that stamps stands still, the other goes on
// under a higher term once the lease has run out, and not before; and the first,
// should it come back, is refused.
func TestLeaseMovesWhenItsHolderStandsStill(t *testing.T) {
	url := server.Database(t)
	one, two := opened(t, url, Options{}), opened(t, url, Options{})
	const ttl = 300 * time.Millisecond
	first, err := one.Lease(t.Context(), "sequencer", "one", ttl)
	if err != nil || !first.Held {
		t.Fatalf("%+v: %v", first, err)
	}
	publish(t, one, message("k", 1))
	wantLog(t, stampAll(t, one, first.Term, 10), 1)
	// From here on the first does nothing any more, as if it had been stopped.
	publish(t, two, message("k", 2))
	var second driver.Lease
	for !second.Held {
		if second, err = two.Lease(t.Context(), "sequencer", "two", time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	if second.Term <= first.Term {
		t.Errorf("term %d follows %d", second.Term, first.Term)
	}
	if begins := second.Until.Add(-time.Minute); begins.Before(first.Until) {
		t.Errorf("the lease ended at %v and was taken at %v, from one that is present", first.Until, begins)
	}
	wantLog(t, stampAll(t, two, second.Term, 10), 2)
	publish(t, two, message("k", 3))
	_, err = one.Stamp(t.Context(), first.Term, 10)
	code(t, err, bailiwick.Stale)
	wantLog(t, stampAll(t, two, second.Term, 10), 3)
}
