package upgrade_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/examples/shop/notification"
	"github.com/bailiwick/bailiwick/examples/shop/order"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/store"
)

// The order service publishes what the old notification service cannot read yet, and
// something that it never asked for: the one waits with what comes after it of its
// customer, the other passes by. The program that can read it applies all, once.
func TestANewerVersionWaitsForTheNewProgram(t *testing.T) {
	n := newNeighbours(t, notification.Name)
	database := "sqlite:" + filepath.Join(t.TempDir(), "notification.db")
	p := launch(t, before, database, n.inside.URL)
	p.ready(t)
	n.set(t, p.url)
	n.publishRefusals(t, "ann", "bob")
	n.settle(t)
	if got, want := notices(t, p), []string{"ann-1", "bob-1"}; !slices.Equal(got, want) {
		t.Errorf("the old program told of %q, want %q", got, want)
	}
	p.stop(t)

	db, err := programNamed(next).open(t.Context(), slog.New(slog.DiscardHandler), database)
	if err != nil {
		t.Fatal(err)
	}
	if keys := replayParked(t, db); !slices.Equal(keys, []string{"ann", "bob"}) {
		t.Errorf("parked were %q", keys)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	p = launch(t, next, database, n.inside.URL)
	p.ready(t)
	n.set(t, p.url)
	p.until(t, "has told of all", func() bool { return len(notices(t, p)) == 6 })
	n.settle(t)
	p.stop(t)
}

// The same with both programs at work on one database: whichever of them comes upon
// a message, nothing is lost, and nothing overtakes what waits.
func TestANewerVersionBetweenOldAndNewInstances(t *testing.T) {
	database := server.Database(t)
	n := newNeighbours(t, notification.Name)
	older := launch(t, before, database, n.inside.URL)
	older.ready(t) // first: a new database would get all of the new program's schema
	newer := launch(t, next, database, n.inside.URL)
	newer.ready(t)
	n.set(t, older.url, newer.url)
	var customers []string
	for batch := 0; older.applied(t) == 0 || newer.applied(t) == 0; batch++ { // until they share the work
		if batch == 1000 {
			t.Fatal("they do not share the work")
		}
		added := []string{fmt.Sprint("a", batch), fmt.Sprint("b", batch), fmt.Sprint("c", batch), fmt.Sprint("d", batch)}
		customers = append(customers, added...)
		n.publishRefusals(t, added...)
		n.settle(t)
	}
	told := notices(t, newer)
	db, err := postgres.Open(t.Context(), database, postgres.Options{Offline: true, Store: store.Options{Logger: quiet}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	parked, err := follow.List(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if len(parked) == 0 || len(parked) == len(customers) {
		t.Errorf("the messages of %d customers of %d were parked: one of the two did nothing", len(parked), len(customers))
	}
	for _, k := range parked {
		if k.Code != bailiwick.Poison || k.Queued != 1 || slices.Contains(told, k.Key+"-3") {
			t.Errorf("%s is parked as %s with %d behind it, and told was %q", k.Key, k.Code, k.Queued, told)
		}
	}
	older.stop(t)
	n.set(t, newer.url)
	replayParked(t, db)
	newer.until(t, "has told of all", func() bool { return len(notices(t, newer)) == 3*len(customers) })
	n.settle(t)
	newer.stop(t)
}

// publishRefusals has the order service publish, for each customer, a refusal as
// everybody reads it, one in the next version, something that nobody has subscribed
// to, and another refusal as everybody reads it.
func (n *neighbours) publishRefusals(t testing.TB, customers ...string) {
	t.Helper()
	err := n.service(order.Name).DB.Do(t.Context(), func(tx *store.Tx) error {
		for _, c := range customers {
			of := func(i int) orderapi.Rejected {
				return orderapi.Rejected{Document: fmt.Sprint(c, "-", i), Customer: c, Reason: "out-of-stock"}
			}
			for _, m := range []struct {
				typ     string
				version int
				data    any
			}{
				{orderapi.OrderRejected, orderapi.Version, of(1)},
				{orderapi.OrderRejected, refusalVersion, refusal{of(2), []string{"out of stock", "out of credit"}}},
				{"order.teleported", 1, of(4)},
				{orderapi.OrderRejected, orderapi.Version, of(3)},
			} {
				data, err := json.Marshal(m.data)
				if err == nil {
					err = tx.Publish(bailiwick.Message{Key: c, Type: m.typ, Version: m.version, Data: data})
				}
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// notices returns the documents that customers were told of. Whoever reads the next
// version tells all the reasons.
func notices(t testing.TB, p *process) (documents []string) {
	t.Helper()
	for page := (web.Page{Limit: web.MaxPage}); ; {
		list, err := p.notices().Notices(t.Context(), page)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range list.Notices {
			documents, page.After = append(documents, n.Document), n.ID
			if second := strings.HasSuffix(n.Document, "-2"); second != strings.Contains(n.Text, "out of credit") {
				t.Errorf("of %s was told: %s", n.Document, n.Text)
			}
		}
		if len(list.Notices) < page.Limit {
			return documents
		}
	}
}

// replayParked has all that is set aside tried again, and returns its keys.
func replayParked(t testing.TB, db *store.DB) (keys []string) {
	t.Helper()
	parked, err := follow.List(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range parked {
		keys = append(keys, k.Key)
		if err := follow.Replay(t.Context(), db, k.Follower, k.Key); err != nil {
			t.Error(err)
		}
	}
	return keys
}
