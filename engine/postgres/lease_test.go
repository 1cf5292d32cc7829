package postgres

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/store/driver"
)

func leased(t *testing.T, d *db, holder string) driver.Lease {
	t.Helper()
	l, err := d.Lease(t.Context(), "job", holder, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// soon asks for a lease until it is held.
func soon(t *testing.T, d *db, holder string) driver.Lease {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		l := leased(t, d, holder)
		if l.Held {
			return l
		}
		if time.Now().After(deadline) {
			t.Fatalf("it stays %+v", l)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// What the server does to the sessions of a process that was killed is done to one
// that lives: it loses its lease, and knows by the term.
func TestLeaseOfOneWhoseSessionsEndedIsFree(t *testing.T) {
	url := server.Database(t)
	one, two := opened(t, url, Options{}), opened(t, url, Options{})
	first := leased(t, one, "one")
	if l := leased(t, two, "two"); l.Held || l.Holder != "one" {
		t.Fatalf("beside one that is present two got %+v", l)
	}
	_, err := two.pool.Exec(`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = $1::bigint::oid AND objid = $2::bigint::oid`,
		int64(usePresence), int64(one.presence))
	if err != nil {
		t.Fatal(err)
	}
	second := soon(t, two, "two")
	if second.Term != first.Term+1 {
		t.Errorf("term %d follows %d", second.Term, first.Term)
	}
	if l := leased(t, one, "one"); l.Held || l.Holder != "two" || l.Term != second.Term {
		t.Errorf("back again, one got %+v", l)
	}
}

// A process whose pool has to make its only connection anew is not taken for gone.
func TestLeaseOutlivesAConnection(t *testing.T) {
	url := server.Database(t)
	one, two := opened(t, url, Options{MaxConns: 1}), opened(t, url, Options{})
	leased(t, one, "one")
	conn, err := one.pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pg, err := native(conn)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(pg.Close(t.Context()), conn.Close()); err != nil {
		t.Fatal(err)
	}
	asked := make(chan driver.Lease, 1)
	go func() {
		l, _ := two.Lease(context.Background(), "job", "two", time.Hour)
		asked <- l
	}()
	publish(t, one, message("k", 1))
	if l := <-asked; l.Held || l.Holder != "one" {
		t.Errorf("two got %+v", l)
	}
}

// A pool that keeps no connections cannot say that its process is there.
func TestWhoKeepsNoConnectionsDoesNotSay(t *testing.T) {
	url := server.Database(t)
	opened(t, url, Options{})
	for _, opts := range []Options{{MaxIdle: -1}, {ReadOnly: true}} {
		if d := opened(t, url, opts); d.presence != 0 {
			t.Errorf("%+v: it is present at %d", opts, d.presence)
		}
	}
}

// A program of an earlier version, and a pool whose connections are the caller's to
// keep, do not say whether they are there: their leases' time decides.
func TestLeaseOfOneWhoDoesNotSayIsKept(t *testing.T) {
	url := server.Database(t)
	two := opened(t, url, Options{})
	pool, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	caller, err := Wrap(t.Context(), pool, Options{Owner: "order"})
	if err != nil {
		t.Fatal(err)
	}
	if l, err := caller.Lease(t.Context(), "job", "one", time.Hour); err != nil || !l.Held {
		t.Fatalf("%+v: %v", l, err)
	}
	if err := caller.Close(); err != nil {
		t.Fatal(err)
	}
	var holder string
	if err := pool.QueryRow(`SELECT holder FROM bailiwick_leases WHERE name = 'job'`).Scan(&holder); err != nil || holder != "one" {
		t.Errorf("an earlier version writes the holder as it is, not as %q: %v", holder, err)
	}
	if l := leased(t, two, "two"); l.Held || l.Holder != "one" {
		t.Errorf("two got %+v", l)
	}
	if _, err := pool.Exec(`UPDATE bailiwick_leases SET until = now()`); err != nil {
		t.Fatal(err)
	}
	if l := leased(t, two, "two"); !l.Held {
		t.Errorf("of one that had run out two got %+v", l)
	}
}

// Whoever comes back under its own name, from another process, goes on with what it
// had, as long as nobody came between.
func TestHolderComesBackUnderItsName(t *testing.T) {
	url := server.Database(t)
	one := opened(t, url, Options{})
	first := leased(t, one, "one")
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	again := opened(t, url, Options{})
	if l := leased(t, again, "one"); !l.Held || l.Term != first.Term {
		t.Errorf("after %+v it got %+v", first, l)
	}
	if l, err := again.Lease(t.Context(), "job", "one", 0); err != nil || l.Held || l.Holder != "" {
		t.Errorf("released, it is %+v: %v", l, err)
	}
}
