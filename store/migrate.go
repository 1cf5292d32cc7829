package store

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/bailiwick/bailiwick"
)

// A Migration is one step of a schema. Steps are applied in the order of their
// versions, each exactly once, in a transaction of its own that also records its
// checksum. What its Phase says goes before that.
type Migration struct {
	// Version counts from 1 without gaps.
	Version int
	// Name says what it does: "accounts". It holds letters, digits and underscores.
	Name string
	// Phase says whether older programs can work with the database after it.
	Phase Phase
	// SQL is one or several statements, separated by semicolons.
	SQL string
	// Check is a query that must return no row for the step to be applied; empty
	// means that there is nothing to check. Its rows are examples of what is in the
	// way, and the first one is reported.
	Check string
}

// Recorded is the name under which a database remembers the step, its phase
// included: "recipient.expand".
func (m Migration) Recorded() string {
	if m.Phase == Plain {
		return m.Name
	}
	return m.Name + "." + string(m.Phase)
}

// Checksum is the hexadecimal SHA-256 of the statements: a migration that was
// applied must not be edited.
func (m Migration) Checksum() string {
	sum := sha256.Sum256([]byte(m.SQL))
	return hex.EncodeToString(sum[:])
}

var (
	numbered      = regexp.MustCompile(`^\d.*\.sql$`)
	migrationName = regexp.MustCompile(`^(\d+)_(\w+)(?:\.(expand|concurrent|backfill|contract|check))?\.sql$`)
)

// Migrations reads the files NNNN_name.sql and NNNN_name.PHASE.sql of a directory,
// commonly of an embed.FS; NNNN_name.check.sql is the [Migration].Check of NNNN.
// Versions that do not count from 1 without gaps are an error, and so are a check
// without its step and a phase that there is none of.
func Migrations(fsys fs.FS, dir string) ([]Migration, error) {
	op := "store: migrations in " + dir
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: err}
	}
	var list []Migration
	checks := map[int]string{} // by version
	for _, e := range entries {
		if !numbered.MatchString(e.Name()) {
			continue
		}
		parts := migrationName.FindStringSubmatch(e.Name())
		if parts == nil {
			return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: fmt.Errorf("%s is no name of a migration", e.Name()),
				Do: "name it 0002_name.sql, or 0002_name.PHASE.sql with expand, concurrent, backfill, contract or check"}
		}
		text, err := fs.ReadFile(fsys, path.Join(dir, e.Name()))
		if err != nil {
			return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: err}
		}
		version, _ := strconv.Atoi(parts[1])
		if parts[3] == "check" {
			if _, twice := checks[version]; twice {
				return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: fmt.Errorf("version %d has two checks", version), Do: "join them with UNION ALL"}
			}
			checks[version] = string(text)
			continue
		}
		list = append(list, Migration{Version: version, Name: parts[2], Phase: Phase(parts[3]), SQL: string(text)})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Version < list[j].Version })
	for i, m := range list {
		if m.Version != i+1 {
			return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: op,
				Err: fmt.Errorf("version %d stands where %d belongs", m.Version, i+1), Do: "name the files 0001_name.sql, 0002_name.sql, …"}
		}
		list[i].Check = checks[m.Version]
		delete(checks, m.Version)
	}
	for version := range checks {
		return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: op,
			Err: fmt.Errorf("the check of version %d belongs to no step", version), Do: "give it its step's number"}
	}
	return list, nil
}

// An AppliedMigration is what a database remembers of a migration.
type AppliedMigration struct {
	Version  int
	Name     string // as [Migration.Recorded] gives it
	Checksum string
}

// Phase is the phase that the step had when it was applied.
func (m AppliedMigration) Phase() Phase { return phaseOf(m.Name) }

// PendingMigrations compares what a program brings with what a database has, and
// returns what is still to be applied; [DueMigrations] says when. A database that
// has more is [bailiwick.SchemaNewer], unless all of that is [Phase.Compatible];
// one whose applied migration differs from the program's is
// [bailiwick.SchemaChanged]. Engines call it, under their lock.
func PendingMigrations(component string, program []Migration, database []AppliedMigration) ([]Migration, error) {
	op := "store: migrate " + component
	known := min(len(program), len(database))
	for _, more := range database[known:] {
		if !more.Phase().Compatible() {
			return nil, &bailiwick.Error{Code: bailiwick.SchemaNewer, Op: op,
				Err: fmt.Errorf("the database is at version %d, this program knows %d", len(database), len(program)),
				Do:  "use the program that migrated it, or a newer one"}
		}
	}
	for i, have := range database[:known] {
		if want := program[i]; have.Version != want.Version || have.Checksum != want.Checksum() {
			return nil, &bailiwick.Error{Code: bailiwick.SchemaChanged, Op: op,
				Err: errors.New("migration " + strconv.Itoa(have.Version) + " (" + have.Name + ") was edited after it was applied"),
				Do:  "restore its text and add a new migration for the change"}
		}
	}
	return program[known:], nil
}

// CheckFailed returns an error with the code [bailiwick.Conflict] and the first of
// rows, which a [Migration].Check has found, or nil where there is none. Engines
// call it; op names what they were doing.
func CheckFailed(op string, rows *sql.Rows) error {
	if !rows.Next() {
		return rows.Err()
	}
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values := make([]any, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		return err
	}
	found := make([]string, len(columns))
	for i, v := range values {
		if text, ok := v.([]byte); ok {
			v = string(text)
		}
		found[i] = fmt.Sprintf("%s %v", columns[i], v)
	}
	return &bailiwick.Error{Code: bailiwick.Conflict, Op: op, Err: errors.New("its check found " + strings.Join(found, ", ")),
		Do: "put right what the check finds, then start again; nothing of the step was applied"}
}
