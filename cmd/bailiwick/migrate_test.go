package main_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/store"
)

// olderNotification is the schema that the service's program once had.
func olderNotification(t *testing.T) []store.Migration {
	t.Helper()
	all, err := shop.Migrations("notification")
	if err != nil {
		t.Fatal(err)
	}
	return all[:1]
}

// pending returns the phases of what a database has yet to get.
func pending(t *testing.T, url string) string {
	t.Helper()
	var steps []struct{ Phase, Applied string }
	if err := json.Unmarshal([]byte(call(t, "migrate", "status", "--db", url, "--json").expect(t, 0).out), &steps); err != nil {
		t.Fatal(err)
	}
	var phases []string
	for _, s := range steps {
		if s.Applied == "" {
			phases = append(phases, s.Phase)
		}
	}
	return strings.Join(phases, " ")
}

func TestMigrateByHand(t *testing.T) {
	file := filepath.Join(t.TempDir(), "notification.db")
	url := "sqlite:" + file
	older := sqlite.Options{Owner: "notification", Migrations: olderNotification(t)}
	open := func() *store.DB {
		t.Helper()
		db, err := sqlite.Open(t.Context(), file, older)
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	running := open()
	call(t, "migrate", "status", "--db", url).expect(t, 0, "notices", "expand", "backfill", "contract", "pending")
	call(t, "migrate", "contract", "notification", "--db", url).expect(t, 3, "locked")
	running.Close()
	call(t, "migrate", "expand", "notification", "--db", url).expect(t, 0, "recipient")
	if left := pending(t, url); left != "contract" {
		t.Errorf("after expanding %q is left", left)
	}
	open().Close() // the way back
	call(t, "migrate", "contract", "notification", "--data", filepath.Dir(file)).expect(t, 0, "contract")
	if left := pending(t, url); left != "" {
		t.Errorf("after contracting %q is left", left)
	}
	if _, err := sqlite.Open(t.Context(), file, older); bailiwick.CodeOf(err) != bailiwick.SchemaNewer {
		t.Errorf("the older program opened it: %v", err)
	}
	call(t, "migrate", "expand", "accounting", "--db", url).expect(t, 5, "name one of user")
	call(t, "migrate", "expand", "user", "--db", url).expect(t, 3, "wrong_owner")
	call(t, "migrate", "expand", "user", "--db", "mysql:user").expect(t, 2)
}

func TestMigrateBesideInstances(t *testing.T) {
	url := server.Database(t)
	running, err := postgres.Open(t.Context(), url, postgres.Options{Owner: "notification", Migrations: olderNotification(t)})
	if err != nil {
		t.Fatal(err)
	}
	call(t, "migrate", "expand", "notification", "--db", url).expect(t, 0, "recipient")
	if err := running.Do(t.Context(), func(*store.Tx) error { return nil }); err != nil {
		t.Errorf("the older instance stopped working: %v", err)
	}
	call(t, "migrate", "contract", "notification", "--db", url).expect(t, 3, "locked", "stop the older instances")
	running.Close()
	call(t, "migrate", "contract", "notification", "--db", url).expect(t, 0)
	if left := pending(t, url); left != "" {
		t.Errorf("after contracting %q is left", left)
	}
}
