package bailiwicktest

import (
	"context"
	"database/sql"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver that drops schemas

	"github.com/bailiwick/bailiwick"
)

// newSchema names a new schema in a database; opening makes it. It is dropped when the
// test ends.
func newSchema(t testing.TB, url, owner string) place {
	t.Helper()
	// Test processes may share the database. A name has 63 bytes at most.
	name := "test_" + owner[:min(len(owner), 20)] + "_" + (&bailiwick.IDs{}).New().String()
	t.Cleanup(func() {
		db, err := sql.Open("pgx", url)
		must(t, err)
		defer db.Close()
		if _, err := db.ExecContext(context.Background(), "DROP SCHEMA IF EXISTS "+pgx.Identifier{name}.Sanitize()+" CASCADE"); err != nil {
			t.Error(err)
		}
	})
	return place{at: url, schema: name}
}
