package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/pgtest"
	"github.com/bailiwick/bailiwick/store/driver"
	"go.uber.org/goleak"
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

// opened opens a database for the length of a test.
func opened(t testing.TB, url string, opts Options) *db {
	t.Helper()
	if opts.Owner == "" {
		opts.Owner = "order"
	}
	d, err := open(t.Context(), url, opts, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

var ids bailiwick.IDs

// message makes a message about key whose data is the JSON of n.
func message(key string, n int) bailiwick.Message {
	data, _ := json.Marshal(n)
	return bailiwick.Message{ID: ids.New(), Key: key, Type: "test.happened", Version: 1, Time: time.Now().UTC().Truncate(time.Microsecond), Data: data}
}

// number is what message was given.
func number(t testing.TB, m *bailiwick.Message) (n int) {
	t.Helper()
	if err := json.Unmarshal(m.Data, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// do runs a transaction that must succeed.
func do(t testing.TB, d *db, fn func(tx driver.Tx) error) {
	t.Helper()
	if err := d.Do(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func publish(t testing.TB, d *db, msgs ...bailiwick.Message) {
	t.Helper()
	do(t, d, func(tx driver.Tx) error { return tx.Append(msgs) })
}

// stampAll stamps until there is nothing left.
func stampAll(t testing.TB, d *db, term int64, limit int) []bailiwick.Message {
	t.Helper()
	var all []bailiwick.Message
	for {
		msgs, err := d.Stamp(context.Background(), term, limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(msgs) == 0 {
			return all
		}
		all = append(all, msgs...)
	}
}

func code(t testing.TB, err error, want bailiwick.Code) {
	t.Helper()
	if got := bailiwick.CodeOf(err); got != want {
		t.Fatalf("the code is %q, want %q: %v", got, want, err)
	}
}
