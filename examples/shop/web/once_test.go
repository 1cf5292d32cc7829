package web_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/store"
)

func database(t *testing.T) *store.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "parcels.db"), sqlite.Options{Owner: "parcels", Synchronous: sqlite.Off,
		Migrations: []store.Migration{{Version: 1, Name: "parcel", SQL: `CREATE TABLE parcel (name TEXT NOT NULL)`}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestOnce(t *testing.T) {
	db := database(t)
	stored := func() (n int) {
		t.Helper()
		err := db.Read(t.Context(), func(tx *store.Tx) error { return tx.SQL().QueryRow(`SELECT COUNT(*) FROM parcel`).Scan(&n) })
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	send := func(key string, p parcel, fail error) (string, bool, error) {
		return web.Once(context.Background(), db, "send", key, p, func(tx *store.Tx) (string, error) {
			if _, err := tx.SQL().Exec(`INSERT INTO parcel (name) VALUES (?)`, p.Name); err != nil {
				return "", err
			}
			return fmt.Sprintf("sent %s at weight %d", p.Name, p.Weight), fail
		})
	}
	ann := parcel{Name: "for Ann", Weight: 3}

	if _, _, err := send("k1", ann, errors.New("no post today")); err == nil || stored() != 0 {
		t.Fatalf("a failure: %v, %d stored", err, stored())
	}
	first, repeated, err := send("k1", ann, nil)
	if err != nil || repeated || stored() != 1 {
		t.Fatalf("first: %q, %v, %v", first, repeated, err)
	}
	again, repeated, err := send("k1", ann, nil)
	if err != nil || !repeated || again != first || stored() != 1 {
		t.Errorf("repeat: %q, %v, %v, %d stored", again, repeated, err, stored())
	}
	if _, _, err := send("k1", parcel{Name: "for Ben", Weight: 3}, nil); bailiwick.CodeOf(err) != bailiwick.KeyReused || stored() != 1 {
		t.Errorf("another request: %v, %d stored", err, stored())
	}
	for range 2 {
		if _, repeated, err := send("", ann, nil); err != nil || repeated {
			t.Errorf("without a key: %v, %v", repeated, err)
		}
	}
	if stored() != 3 {
		t.Errorf("%d stored, want 3", stored())
	}
}

// TestOnceTogether sends one request many times at once.
func TestOnceTogether(t *testing.T) {
	db := database(t)
	type result struct {
		reply    string
		repeated bool
		err      error
	}
	results := make(chan result)
	for i := range 20 {
		go func() {
			var r result
			r.reply, r.repeated, r.err = web.Once(context.Background(), db, "send", "k", "the same", func(tx *store.Tx) (string, error) {
				_, err := tx.SQL().Exec(`INSERT INTO parcel (name) VALUES ('x')`)
				return fmt.Sprint("answer ", i), err
			})
			results <- r
		}()
	}
	fresh, replies := 0, map[string]bool{}
	for range 20 {
		r := <-results
		if r.err != nil {
			t.Error(r.err)
		}
		if !r.repeated {
			fresh++
		}
		replies[r.reply] = true
	}
	if fresh != 1 || len(replies) != 1 {
		t.Errorf("%d took effect, with %d answers", fresh, len(replies))
	}
}
