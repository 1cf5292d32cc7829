package store

import (
	"io/fs"
	"path"
	"regexp"
	"sort"
	"strconv"

	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/bailiwick/bailiwick"
)

// A Migration is one step of a schema. Steps are applied in the order of their
// versions, each exactly once, in a transaction of its own that also records its
// checksum.
type Migration struct {
	// Version counts from 1 without gaps.
	Version int
	// Name says what it does: "accounts".
	Name string
	// SQL is one or several statements, separated by semicolons.
	SQL string
}

// Checksum is the hexadecimal SHA-256 of the statements: a migration that was
// applied must not be edited.
func (m Migration) Checksum() string {
	sum := sha256.Sum256([]byte(m.SQL))
	return hex.EncodeToString(sum[:])
}

var migrationName = regexp.MustCompile(`^(\d+)_(\w+)\.sql$`)

// Migrations reads the files NNNN_name.sql of a directory, commonly of an
// embed.FS. Versions that do not count from 1 without gaps are an error.
func Migrations(fsys fs.FS, dir string) ([]Migration, error) {
	op := "store: migrations in " + dir
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: err}
	}
	var list []Migration
	for _, e := range entries {
		parts := migrationName.FindStringSubmatch(e.Name())
		if parts == nil {
			continue
		}
		text, err := fs.ReadFile(fsys, path.Join(dir, e.Name()))
		if err != nil {
			return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: err}
		}
		version, _ := strconv.Atoi(parts[1])
		list = append(list, Migration{Version: version, Name: parts[2], SQL: string(text)})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Version < list[j].Version })
	for i, m := range list {
		if m.Version != i+1 {
			return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: op,
				Err: fmt.Errorf("version %d stands where %d belongs", m.Version, i+1), Do: "name the files 0001_name.sql, 0002_name.sql, …"}
		}
	}
	return list, nil
}

// An AppliedMigration is what a database remembers of a migration.
type AppliedMigration struct {
	Version  int
	Name     string
	Checksum string
}

// PendingMigrations compares what a program brings with what a database has, and
// returns what is still to be applied. A database that has more is
// [bailiwick.SchemaNewer]; one whose applied migration differs from the
// program's is [bailiwick.SchemaChanged]. Engines call it, under their lock.
func PendingMigrations(component string, program []Migration, database []AppliedMigration) ([]Migration, error) {
	op := "store: migrate " + component
	if len(database) > len(program) {
		return nil, &bailiwick.Error{Code: bailiwick.SchemaNewer, Op: op,
			Err: fmt.Errorf("the database is at version %d, this program knows %d", len(database), len(program)),
			Do:  "use the program that migrated it, or a newer one"}
	}
	for i, have := range database {
		if want := program[i]; have.Version != want.Version || have.Checksum != want.Checksum() {
			return nil, &bailiwick.Error{Code: bailiwick.SchemaChanged, Op: op,
				Err: errors.New("migration " + strconv.Itoa(have.Version) + " (" + have.Name + ") was edited after it was applied"),
				Do:  "restore its text and add a new migration for the change"}
		}
	}
	return program[len(database):], nil
}
