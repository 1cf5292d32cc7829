package tap

import (
	"database/sql"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/bailiwick/bailiwick/durability/disk"
	_ "modernc.org/sqlite"
)

// Whatever SQLite does to its files, in whatever way it keeps its transactions, the
// tape makes the same files of it; and a directory that is not recorded is not.
func TestTheTapeMakesTheSameFiles(t *testing.T) {
	tap, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer tap.Close()
	for _, journal := range []string{"DELETE", "TRUNCATE", "PERSIST", "WAL"} {
		t.Run(journal, func(t *testing.T) {
			dir, other := t.TempDir(), t.TempDir()
			d, tape := disk.New(nil).Restart()
			tap.Record(dir, tape)
			fill(t, filepath.Join(other, "other.db"), journal)
			if tape.Len() > 0 {
				t.Fatal("another directory was recorded")
			}
			db := fill(t, filepath.Join(dir, "a.db"), journal)
			for _, op := range tape.Ops() {
				d.Play(op)
			}
			if got, want := d.Now(), files(t, dir); !reflect.DeepEqual(got, want) {
				t.Errorf("the tape makes %v, there are %v", sizes(got), sizes(want))
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			tap.Record(dir, nil)
			n := tape.Len()
			fill(t, filepath.Join(dir, "b.db"), journal)
			if tape.Len() != n {
				t.Error("recorded after the end")
			}
		})
	}
}

// fill writes a database, and leaves it open.
func fill(t *testing.T, path, journal string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode("+journal+")&_pragma=cache_size(2)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	for _, text := range []string{
		"CREATE TABLE t (data BLOB)",
		"INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) SELECT randomblob(5000) FROM n",
		"DELETE FROM t WHERE rowid > 10",
		"VACUUM",
		"PRAGMA wal_checkpoint(TRUNCATE)",
		"INSERT INTO t VALUES ('last')",
	} {
		if _, err := db.Exec(text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return db
}

// files returns what lies in a directory. The index of a write-ahead log is memory
// that happens to have a name.
func files(t *testing.T, dir string) disk.Image {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	image := disk.Image{}
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".db-shm" {
			continue
		}
		if image[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return image
}

func sizes(image disk.Image) map[string]int {
	sizes := map[string]int{}
	for name, content := range image {
		sizes[name] = len(content)
	}
	return sizes
}
