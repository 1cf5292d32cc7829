package guest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// A Schema is an engine's own schema, from which the tables of a guest are taken.
type Schema struct {
	// Engine is its name: "postgres".
	Engine string
	// Ledger makes the tables that say what the database is and what was applied
	// to it, where the engine makes those before its first migration.
	Ledger string
	// Migrations are the engine's.
	Migrations []store.Migration
	// Needs says which part needs a table; those that are not named, all need.
	Needs map[string]Parts
	// Now is an expression for the time at which a migration was applied.
	Now string
}

// MetaKey and MetaValue are the row of bailiwick_meta that says that the database's
// tables are its service's to manage.
const (
	MetaKey   = "tables"
	MetaValue = "guest"
)

// Wanted says which statements a service has yet to apply.
type Wanted struct {
	// For are the parts that it takes in.
	For Parts
	// Beside are those that it has; empty if none.
	Beside Parts
	// Since is the version of the engine's schema that it has; 0 if none.
	Since int
}

// Print returns the statements that are wanted, in the order in which they are
// applied. The last of them record what was applied, so that a program knows what
// it finds.
func (s Schema) Print(w Wanted) ([]Statement, error) {
	const op = "guest: print the schema"
	all, err := s.statements()
	if err != nil {
		return nil, err
	}
	wanted, err := s.tables(w.For)
	if err != nil {
		return nil, err
	}
	has := func(string) bool { return false }
	if w.Beside != "" {
		if has, err = s.tables(w.Beside); err != nil {
			return nil, err
		}
	}
	if latest := len(s.Migrations); w.Since < 0 || w.Since > latest {
		return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: fmt.Errorf("there is no version %d", w.Since),
			Do: fmt.Sprintf("name a version from 1 to %d", latest)}
	}
	var list []Statement
	for _, st := range all {
		if st.Version >= w.Since && (st.Version > w.Since || w.Since == 0) && wanted(st.Table) && !has(st.Table) {
			list = append(list, st)
		}
	}
	if w.Beside == "" {
		list = append(list, s.records(w.Since)...)
	}
	return list, nil
}

// records are the statements that write down what was applied.
func (s Schema) records(since int) []Statement {
	var list []Statement
	if since == 0 {
		list = append(list, Statement{Table: "bailiwick_meta", Text: fmt.Sprintf(
			"-- These tables are managed by the service's own migrations.\nINSERT INTO bailiwick_meta (name, value) VALUES ('%s', '%s')", MetaKey, MetaValue)})
	}
	for _, m := range s.Migrations[since:] {
		list = append(list, Statement{Version: m.Version, Table: "bailiwick_migrations", Text: fmt.Sprintf(
			"INSERT INTO bailiwick_migrations (component, version, name, checksum, applied)\n\tVALUES ('bailiwick', %d, '%s', '%s', %s)",
			m.Version, m.Recorded(), m.Checksum(), s.Now)})
	}
	return list
}

// tables returns which tables parts need.
func (s Schema) tables(parts Parts) (func(table string) bool, error) {
	list, err := parts.Parse()
	return func(table string) bool {
		needs, some := s.Needs[table]
		return !some || slices.Contains(list, needs)
	}, err
}

// statements are those of the whole schema.
func (s Schema) statements() ([]Statement, error) {
	all, err := split(0, s.Ledger)
	if err != nil {
		return nil, err
	}
	for _, m := range s.Migrations {
		some, err := split(m.Version, store.ForEngine(s.Engine, m.SQL))
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// Command is the command line that prints the tables of parts.
func (s Schema) Command(parts Parts, since int) string {
	line := []string{"bailiwick schema print --engine", s.Engine, "--for", strings.ReplaceAll(string(parts), " ", "")}
	if since > 0 {
		line = append(line, fmt.Sprintf("--since %d", since))
	}
	return strings.Join(line, " ")
}
