package store

import (
	"testing"
	"testing/fstest"

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
	for _, names := range [][]string{{"0002_a.sql"}, {"0001_a.sql", "0003_b.sql"}, {"0001_a.sql", "1_b.sql"}} {
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

func TestPendingMigrations(t *testing.T) {
	program := []Migration{{Version: 1, Name: "a", SQL: "one"}, {Version: 2, Name: "b", SQL: "two"}}
	have := func(list ...Migration) (applied []AppliedMigration) {
		for _, m := range list {
			applied = append(applied, AppliedMigration{Version: m.Version, Name: m.Name, Checksum: m.Checksum()})
		}
		return applied
	}
	edited := Migration{Version: 1, Name: "a", SQL: "one, edited"}
	third := Migration{Version: 3, Name: "c", SQL: "three"}
	for _, c := range []struct {
		name     string
		database []AppliedMigration
		pending  int
		code     bailiwick.Code
	}{
		{"a new database", nil, 2, ""},
		{"an older one", have(program[0]), 1, ""},
		{"the same", have(program...), 0, ""},
		{"a newer one", have(program[0], program[1], third), 0, bailiwick.SchemaNewer},
		{"an edited one", have(edited), 0, bailiwick.SchemaChanged},
		{"another order", have(program[1]), 0, bailiwick.SchemaChanged},
	} {
		pending, err := PendingMigrations("service", program, c.database)
		if bailiwick.CodeOf(err) != c.code || len(pending) != c.pending {
			t.Errorf("%s: got %v (%v)", c.name, pending, err)
		}
	}
}
