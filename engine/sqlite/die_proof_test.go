//go:build proof

package sqlite_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/internal/proof"
	"github.com/bailiwick/bailiwick/store"
)

var dying = []store.Migration{{Version: 1, Name: "ledger", SQL: "CREATE TABLE ledger (account TEXT NOT NULL, amount INTEGER NOT NULL) STRICT"}}

// A process dies at each point; what it was told is there, whole, and of the
// transaction that it died in all or nothing, as the point says.
func TestDiesAtPoints(t *testing.T) {
	if path := os.Getenv("DIE_IN"); path != "" {
		untilDeath(t, path, os.Getenv("DIE_AT"))
		return
	}
	for _, c := range []struct {
		point       string
		told, there int
	}{
		{"before-commit:3", 2, 2},
		{"after-commit:3", 2, 3},
		{"checkpoint", 5, 5}, // when it closes
	} {
		t.Run(c.point, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "order.db")
			child := exec.Command(os.Args[0], "-test.run", "^TestDiesAtPoints$")
			child.Env = append(os.Environ(), "DIE_IN="+path, "DIE_AT="+c.point)
			out, err := child.Output()
			if told := strings.Count(string(out), "told\n"); err == nil || told != c.told || strings.Contains(string(out), "lives") {
				t.Fatalf("it was told of %d commits, want %d, and ended with %v:\n%s", told, c.told, err, out)
			}
			db, err := sqlite.Open(t.Context(), path, sqlite.Options{Owner: "order", Migrations: dying})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			rows := 0
			err = db.Read(t.Context(), func(tx *store.Tx) error {
				return tx.SQL().QueryRow("SELECT count(*) FROM ledger").Scan(&rows)
			})
			state, err2 := db.Log().State(t.Context())
			if err != nil || err2 != nil || rows != c.there || state.Head != int64(c.there) {
				t.Errorf("%d rows and %d messages are there, want %d: %v, %v", rows, state.Head, c.there, err, err2)
			}
		})
	}
}

// untilDeath commits five transactions and closes the database, unless it dies.
func untilDeath(t *testing.T, path, point string) {
	db, err := sqlite.Open(t.Context(), path, sqlite.Options{Owner: "order", Migrations: dying})
	if err != nil {
		t.Fatal(err)
	}
	if err := proof.Arm(point); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		err := db.Do(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.SQL().Exec("INSERT INTO ledger (account, amount) VALUES ('a', 1)"); err != nil {
				return err
			}
			return tx.Publish(bailiwick.Message{Key: "a", Type: "ledger.entered", Version: 1, Data: []byte("1")})
		})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("told")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	fmt.Println("lives")
}
