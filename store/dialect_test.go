package store_test

import (
	"testing"

	"github.com/bailiwick/bailiwick/store"
)

func TestForEngine(t *testing.T) {
	const text = "CREATE TABLE a (b) /*sqlite WITHOUT ROWID */; /* a comment */ CREATE TABLE c (d) /*mysql ENGINE=InnoDB */;"
	for engine, want := range map[string]string{
		"sqlite":   "CREATE TABLE a (b) WITHOUT ROWID ; /* a comment */ CREATE TABLE c (d) /*mysql ENGINE=InnoDB */;",
		"mysql":    "CREATE TABLE a (b) /*sqlite WITHOUT ROWID */; /* a comment */ CREATE TABLE c (d) ENGINE=InnoDB ;",
		"postgres": text,
	} {
		if got := store.ForEngine(engine, text); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", engine, got, want)
		}
	}
	if got := store.ForEngine("sqlite", "/*sqlite\nONE*/ /*sqlitex TWO*/ /*sqlite*/"); got != "ONE /*sqlitex TWO*/ /*sqlite*/" {
		t.Errorf("a hint on a line of its own: %q", got)
	}
}
