package sqlite

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/bailiwick/bailiwick"
)

// A first start that was cut off, before there was a write-ahead log, left half a
// transaction in the file and beside it how to undo that. The next start undoes it
// and begins anew.
func TestFirstStartAfterOneThatWasCutOff(t *testing.T) {
	dir := t.TempDir()
	half := filepath.Join(dir, "half.db")
	db, err := sql.Open("sqlite", "file:"+half+"?_pragma=cache_size(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	// Small as the cache is, the file is written to before the commit.
	if _, err := db.Exec(`BEGIN; CREATE TABLE big (data BLOB);
		INSERT INTO big WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) SELECT randomblob(4000) FROM n`); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(dir, "left.db")
	for _, suffix := range []string{"", "-journal"} {
		content, err := os.ReadFile(half + suffix)
		if err == nil && len(content) > 0 {
			err = os.WriteFile(left+suffix, content, 0o600)
		}
		if err != nil || len(content) == 0 {
			t.Fatalf("half%s has %d bytes: %v", suffix, len(content), err)
		}
	}
	// Who only looks cannot undo it.
	if _, err := Open(context.Background(), left, Options{ReadOnly: true}); bailiwick.CodeOf(err) != bailiwick.Unavailable {
		t.Errorf("to look at: %v", err)
	}
	o := openBoth(t, left, families)
	if err := o.Do(context.Background(), exec("INSERT INTO entry VALUES (1)")); err != nil {
		t.Fatal(err)
	}
	if n := o.count("sqlite_schema WHERE name = 'big'"); n != 0 {
		t.Error("half a transaction is there")
	}
}
