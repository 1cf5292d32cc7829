package outbox_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/outbox"
)

// statements keeps what it is given.
type statements struct {
	texts  []string
	values [][]any
	err    error
}

func (s *statements) ExecContext(_ context.Context, query string, args ...any) (sql.Result, error) {
	s.texts, s.values = append(s.texts, query), append(s.values, args)
	return nil, s.err
}

type table struct{}

func (table) Insert(n int) string               { return fmt.Sprint("insert ", n) }
func (table) Values(m *bailiwick.Message) []any { return []any{*m} }

// stopped is a clock that stands still.
type stopped struct{ bailiwick.SystemClock }

func (stopped) Now() time.Time { return time.Date(2011, 12, 9, 12, 50, 0, 1999, time.UTC) }

func TestMessagesAreCompletedAndGoTogether(t *testing.T) {
	ctx := bailiwick.WithTrace(bailiwick.WithCorrelation(context.Background(), "c-1"), "00-trace")
	o := outbox.New(table{}, outbox.Options{Clock: stopped{}})
	msgs := make([]bailiwick.Message, 70)
	for i := range msgs {
		msgs[i] = bailiwick.Message{Key: fmt.Sprint(i), Type: "item.sold", Version: 1}
	}
	msgs[1].Correlation = "its own"
	var tx statements
	if err := o.PublishMessages(ctx, &tx, msgs...); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(tx.texts); got != "[insert 32 insert 32 insert 6]" {
		t.Errorf("the statements were %s", got)
	}
	seen := map[bailiwick.ID]bool{}
	n := 0
	for _, values := range tx.values {
		for _, v := range values {
			m := v.(bailiwick.Message)
			correlation := "c-1"
			if n == 1 {
				correlation = "its own"
			}
			if m.Key != fmt.Sprint(n) || m.ID.IsZero() || seen[m.ID] || m.Correlation != correlation || m.Trace != "00-trace" ||
				!m.Time.Equal(time.Date(2011, 12, 9, 12, 50, 0, 1000, time.UTC)) {
				t.Fatalf("message %d is %+v", n, m)
			}
			seen[m.ID] = true
			n++
		}
	}
	if n != 70 || !msgs[0].ID.IsZero() {
		t.Errorf("%d were written; the caller's is now %+v", n, msgs[0])
	}
}

func TestPublishRefuses(t *testing.T) {
	ctx := context.Background()
	o := outbox.New(table{}, outbox.Options{})
	var tx statements
	for _, m := range []bailiwick.Message{{Type: "t", Version: 1}, {Key: "k", Version: 1}, {Key: "k", Type: "t"}} {
		if err := o.PublishMessages(ctx, &tx, m); bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Errorf("%+v: %v", m, err)
		}
	}
	if err := o.Publish(ctx, &tx, "t", 1, "k", func() {}); bailiwick.CodeOf(err) != bailiwick.Invalid {
		t.Errorf("what is no JSON: %v", err)
	}
	if len(tx.texts) > 0 {
		t.Errorf("something was written: %q", tx.texts)
	}
	tx.err = errors.New("no such table")
	if err := o.Publish(ctx, &tx, "t", 1, "k", 1); !errors.Is(err, tx.err) || bailiwick.CodeOf(err) != bailiwick.Unavailable {
		t.Errorf("a statement that failed: %v", err)
	}
}
