package postgres

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
)

func wantLog(t *testing.T, msgs []bailiwick.Message, want ...int) {
	t.Helper()
	var got []int
	for i := range msgs {
		if i > 0 && msgs[i].Seq != msgs[i-1].Seq+1 {
			t.Errorf("seq %d follows %d", msgs[i].Seq, msgs[i-1].Seq)
		}
		got = append(got, number(t, &msgs[i]))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("the log holds %v, want %v", got, want)
	}
}

func TestStampedMessageIsWhole(t *testing.T) {
	d := opened(t, server.Database(t), Options{})
	m := message("k", 1)
	m.Correlation, m.Causation, m.Trace, m.Version = "corr", ids.New(), "00-aa-bb-01", 3
	publish(t, d, m)
	stamped := stampAll(t, d, 1, 10)
	m.Log, m.Epoch, m.Seq = "order/outbox", 1, 1
	read, err := d.ReadLog(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range [][]bailiwick.Message{stamped, read} {
		if len(got) != 1 || fmt.Sprintf("%+v", got[0]) != fmt.Sprintf("%+v", m) {
			t.Errorf("got  %+v\nwant %+v", got, m)
		}
	}
}

// T2 draws an id and waits for T1's lock; T1 draws the next one and commits first.
// A reader that goes by id loses T2's message here; one that waits for the oldest
// open transaction keeps T1's back.
func TestSeqIsCommitOrderWhereIDIsNot(t *testing.T) {
	d := opened(t, server.Database(t), Options{})
	ctx := context.Background()
	locked, drawn, commit := make(chan struct{}), make(chan struct{}), make(chan struct{})
	one, two := make(chan error, 1), make(chan error, 1)
	go func() {
		one <- d.Do(ctx, func(tx driver.Tx) error {
			if err := tx.Lock("row"); err != nil {
				return err
			}
			close(locked)
			<-drawn
			return tx.Append([]bailiwick.Message{message("k", 1)})
		})
	}()
	<-locked
	go func() {
		two <- d.Do(ctx, func(tx driver.Tx) error {
			if err := tx.Append([]bailiwick.Message{message("k", 2)}); err != nil {
				return err
			}
			close(drawn)
			if err := tx.Lock("row"); err != nil {
				return err
			}
			<-commit
			return nil
		})
	}()
	if err := <-one; err != nil {
		t.Fatal(err)
	}
	wantLog(t, stampAll(t, d, 1, 10), 1)
	close(commit)
	if err := <-two; err != nil {
		t.Fatal(err)
	}
	wantLog(t, stampAll(t, d, 1, 10), 2)
	state, err := d.LogState(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if state.Head != 2 || state.Staged != 0 {
		t.Errorf("the log stands at %+v", state)
	}
}

// A backlog is taken in parts; what is committed meanwhile, with smaller ids as
// well, comes after it, once.
func TestCatchingUpTakesTurnsWithNewCommits(t *testing.T) {
	d := opened(t, server.Database(t), Options{})
	drawn, commit, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- d.Do(context.Background(), func(tx driver.Tx) error {
			if err := tx.Append([]bailiwick.Message{message("late", 100)}); err != nil {
				return err
			}
			close(drawn)
			<-commit
			return nil
		})
	}()
	<-drawn
	for n := range 10 {
		publish(t, d, message("k", 2*n), message("k", 2*n+1))
	}
	first, err := d.Stamp(t.Context(), 1, 7)
	if err != nil {
		t.Fatal(err)
	}
	wantLog(t, first, 0, 1, 2, 3, 4, 5, 6)
	state, err := d.LogState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if state.Head != 7 || state.Staged != 13 {
		t.Errorf("7 of 20 are stamped, the log stands at %+v", state)
	}
	close(commit)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	publish(t, d, message("k", 20))
	wantLog(t, stampAll(t, d, 1, 7), 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 100, 20)
}

func TestRolledBackMessagesTakeNoSeq(t *testing.T) {
	d := opened(t, server.Database(t), Options{})
	no := errors.New("no")
	for n := range 6 {
		err := d.Do(t.Context(), func(tx driver.Tx) error {
			if err := tx.Append([]bailiwick.Message{message("k", n)}); err != nil {
				return err
			}
			if n%2 == 0 {
				return no
			}
			return nil
		})
		if n%2 == 0 && err != no || n%2 == 1 && err != nil {
			t.Fatalf("transaction %d: %v", n, err)
		}
	}
	wantLog(t, stampAll(t, d, 1, 10), 1, 3, 5)
}

// Two instances: the one that lost its lease cannot stamp any more, and what it
// stamped before stays.
func TestStaleSequencerFails(t *testing.T) {
	url := server.Database(t)
	one, two := opened(t, url, Options{}), opened(t, url, Options{})
	publish(t, one, message("k", 1))
	wantLog(t, stampAll(t, one, 1, 10), 1)
	publish(t, two, message("k", 2))
	wantLog(t, stampAll(t, two, 2, 10), 2)
	_, err := one.Stamp(t.Context(), 1, 10)
	code(t, err, bailiwick.Stale) // noticed without work
	publish(t, one, message("k", 3))
	err = one.do(t.Context(), "test", func(tx *tx) error { _, err := tx.takeTurn("test", 1); return err })
	code(t, err, bailiwick.Stale) // noticed in the step itself
	wantLog(t, stampAll(t, two, 2, 10), 3)
}

// Sweeping deletes what has its place in the log, and nothing else.
func TestSweepLeavesWhatIsNotStamped(t *testing.T) {
	d := opened(t, server.Database(t), Options{})
	publish(t, d, message("k", 1), message("k", 2))
	stampAll(t, d, 1, 10)
	publish(t, d, message("k", 3))
	if err := d.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	count := func(table string) (n int) {
		if err := d.pool.QueryRow(d.q("SELECT count(*) FROM bailiwick_" + table)).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count("staging"); n != 1 {
		t.Errorf("the staging table holds %d messages, want the one that is not stamped", n)
	}
	if n := count("steps"); n != 1 {
		t.Errorf("%d steps are kept, want the newest", n)
	}
	wantLog(t, stampAll(t, d, 1, 10), 3)
}

// Trimmed to empty and opened again, the log goes on where it was.
func TestSeqNeverRestarts(t *testing.T) {
	url := server.Database(t)
	d := opened(t, url, Options{})
	publish(t, d, message("k", 1), message("k", 2))
	stampAll(t, d, 1, 10)
	if more, err := d.Trim(t.Context(), driver.Trim{UpTo: 2, Limit: 10}); more || err != nil {
		t.Fatal(more, err)
	}
	if err := d.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = opened(t, url, Options{})
	publish(t, d, message("k", 3))
	msgs := stampAll(t, d, 2, 10)
	wantLog(t, msgs, 3)
	if msgs[0].Seq != 3 {
		t.Errorf("seq is %d, want 3", msgs[0].Seq)
	}
}
