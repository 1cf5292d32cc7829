package bailiwicktest

import (
	"database/sql"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver that makes and drops databases

	"github.com/bailiwick/bailiwick"
)

// newDatabase makes a database on a server and returns its URL. It is dropped when
// the test ends.
func newDatabase(t testing.TB, server, owner string) string {
	t.Helper()
	at, err := url.Parse(server)
	must(t, err)
	// The ids of two processes differ, the server may be everybody's.
	id := (&bailiwick.IDs{}).New().String()
	name := "test_" + owner[:min(len(owner), 20)] + "_" + strings.ReplaceAll(id, "-", "") // at most 63 bytes
	admin, err := sql.Open("pgx", server)
	must(t, err)
	defer admin.Close()
	_, err = admin.ExecContext(t.Context(), "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	must(t, err)
	t.Cleanup(func() {
		admin, err := sql.Open("pgx", server)
		must(t, err)
		defer admin.Close()
		if _, err := admin.Exec("DROP DATABASE " + pgx.Identifier{name}.Sanitize() + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	at.Path = "/" + name
	return at.String()
}
