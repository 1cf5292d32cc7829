package store

import (
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/bailiwick/bailiwick"
)

func TestMigrationsAreReadInOrder(t *testing.T) {
	fsys := fstest.MapFS{
		"schema/0002_lines.sql":  {Data: []byte("CREATE TABLE line (id INTEGER);")},
		"schema/0001_orders.sql": {Data: []byte("CREATE TABLE orders (id INTEGER);")},
		"schema/README.md":       {Data: []byte("not a migration")},
	}
	list, err := Migrations(fsys, "schema")
	if err != nil || len(list) != 2 || list[0].Name != "orders" || list[1].Version != 2 {
		t.Errorf("got %+v (%v)", list, err)
	}
}

func TestMigrationsRefusesGaps(t *testing.T) {
	for _, names := range [][]string{{"0002_a.sql"}, {"0001_a.sql", "0003_b.sql"}, {"0001_a.sql", "1_b.sql"},
		{"0001_a.sql", "0002_a.contrct.sql"}, {"0001_a.sql", "0002_a.check.sql"}, {"0001_a.sql", "0001_a.check.sql", "0001_b.check.sql"}, {"0001_a.expand.concurrent.sql"}} {
		fsys := fstest.MapFS{}
		for _, name := range names {
			fsys["schema/"+name] = &fstest.MapFile{Data: []byte("SELECT 1")}
		}
		if list, err := Migrations(fsys, "schema"); bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Errorf("%v: got %+v (%v)", names, list, err)
		}
	}
	if _, err := Migrations(fstest.MapFS{}, "missing"); bailiwick.CodeOf(err) != bailiwick.Invalid {
		t.Errorf("a missing directory: %v", err)
	}
}

func TestMigrationsHaveAPhaseAndACheck(t *testing.T) {
	fsys := fstest.MapFS{
		"schema/0001_notices.sql":            {Data: []byte("one")},
		"schema/0002_recipient.expand.sql":   {Data: []byte("two")},
		"schema/0003_recipient.backfill.sql": {Data: []byte("three")},
		"schema/0004_recipient.contract.sql": {Data: []byte("four")},
		"schema/0004_recipient.check.sql":    {Data: []byte("check")},
		"schema/0005_by_day.concurrent.sql":  {Data: []byte("five")},
		"schema/queries.sql":                 {Data: []byte("not numbered")},
	}
	list, err := Migrations(fsys, "schema")
	if err != nil || len(list) != 5 {
		t.Fatalf("got %+v (%v)", list, err)
	}
	for i, want := range []Migration{
		{1, "notices", Plain, "one", ""},
		{2, "recipient", Expand, "two", ""},
		{3, "recipient", Backfill, "three", ""},
		{4, "recipient", Contract, "four", "check"},
		{5, "by_day", Concurrent, "five", ""},
	} {
		if list[i] != want {
			t.Errorf("got %+v, want %+v", list[i], want)
		}
		if have := (AppliedMigration{Name: want.Recorded()}); have.Phase() != want.Phase {
			t.Errorf("%s was remembered with the phase %q", have.Name, have.Phase())
		}
	}
}

// Contracts at the end wait until they are asked for; what stands before a later
// step does not.
func TestDueMigrations(t *testing.T) {
	expand, contract, plain := Migration{Phase: Expand}, Migration{Phase: Contract}, Migration{}
	for _, c := range []struct {
		name            string
		pending         []Migration
		fresh, contract bool
		want            int
	}{
		{"nothing", nil, false, false, 0},
		{"a contract at the end", []Migration{expand, contract}, false, false, 1},
		{"two of them", []Migration{expand, contract, contract}, false, false, 1},
		{"one in the middle", []Migration{contract, plain}, false, false, 2},
		{"one asked for", []Migration{expand, contract}, false, true, 2},
		{"a new database", []Migration{plain, expand, contract}, true, false, 3},
	} {
		if got := DueMigrations(c.pending, c.fresh, c.contract); len(got) != c.want {
			t.Errorf("%s: %d are due, want %d", c.name, len(got), c.want)
		}
	}
}

func TestPendingMigrations(t *testing.T) {
	program := []Migration{{Version: 1, Name: "a", SQL: "one"}, {Version: 2, Name: "b", SQL: "two"}}
	have := func(list ...Migration) (applied []AppliedMigration) {
		for _, m := range list {
			applied = append(applied, AppliedMigration{Version: m.Version, Name: m.Recorded(), Checksum: m.Checksum()})
		}
		return applied
	}
	edited := Migration{Version: 1, Name: "a", SQL: "one, edited"}
	third := func(p Phase) Migration { return Migration{Version: 3, Name: "c", Phase: p, SQL: "three"} }
	for _, c := range []struct {
		name     string
		database []AppliedMigration
		pending  int
		code     bailiwick.Code
	}{
		{"a new database", nil, 2, ""},
		{"an older one", have(program[0]), 1, ""},
		{"the same", have(program...), 0, ""},
		{"a newer one", have(program[0], program[1], third(Plain)), 0, bailiwick.SchemaNewer},
		{"one that was expanded", have(program[0], program[1], third(Expand)), 0, ""},
		{"one that was filled", have(program[0], program[1], third(Backfill)), 0, ""},
		{"one with another index", have(program[0], program[1], third(Concurrent)), 0, ""},
		{"one that was contracted", have(program[0], program[1], third(Contract)), 0, bailiwick.SchemaNewer},
		{"one that was expanded, then more", have(program[0], program[1], third(Expand), Migration{Version: 4, Name: "d"}), 0, bailiwick.SchemaNewer},
		{"one that was expanded and edited", have(edited, program[1], third(Expand)), 0, bailiwick.SchemaChanged},
		{"an edited one", have(edited), 0, bailiwick.SchemaChanged},
		{"another order", have(program[1]), 0, bailiwick.SchemaChanged},
	} {
		pending, err := PendingMigrations("service", program, c.database)
		if bailiwick.CodeOf(err) != c.code || len(pending) != c.pending {
			t.Errorf("%s: got %v (%v)", c.name, pending, err)
		}
	}
}

// A step that takes long is told of while it runs, one that does not is not.
func TestLongMigrationsAreTold(t *testing.T) {
	told := make(chan string, 10)
	logger := slog.New(slog.NewTextHandler(lines(told), nil))
	m := Migration{Version: 2, Name: "recipient", Phase: Backfill}
	watchMigration(logger, "service", m, time.Hour)()
	done := watchMigration(logger, "service", m, time.Microsecond)
	during := <-told
	done()
	after := <-told
	if !strings.Contains(during, "takes long") || !strings.Contains(during, "migration=recipient.backfill") || !strings.Contains(after, "took=") {
		t.Errorf("told %q and %q", during, after)
	}
}

// lines sends what is written to it.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}
