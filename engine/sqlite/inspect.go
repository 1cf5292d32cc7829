package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"slices"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/guest"
	sqlite3 "modernc.org/sqlite/lib"
)

// found is what a file tells of itself before anything is written to it.
type found struct {
	exists  bool   // there is a file, be it empty
	owner   string // "" where nobody is recorded
	guest   bool   // the tables are managed by the service
	logs    bool   // there is a log
	follows bool   // there is an inbox
	applied map[string][]store.AppliedMigration
}

// The components that have migrations.
const (
	libraryComponent = "bailiwick"
	serviceComponent = "service"
)

var magic = []byte("SQLite format 3\x00")

// checkHeader refuses what is no SQLite database. It does not open it as one:
// SQLite would create files beside it.
func checkHeader(path string) (exists, empty bool, err error) {
	const op = "sqlite: open"
	refuse := func(why error) error {
		return &bailiwick.Error{Code: bailiwick.NotDatabase, Op: op, Err: why, Do: "name the file of a SQLite database, or one that does not exist yet"}
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, true, nil
	case err != nil:
		return false, false, &bailiwick.Error{Code: bailiwick.Unavailable, Op: op, Err: err, Do: "look at the file's permissions"}
	case !info.Mode().IsRegular():
		return true, false, refuse(fmt.Errorf("%s is not a regular file", path))
	case info.Size() == 0:
		return true, true, nil
	}
	if _, running, err := ReadLock(path); running && err == nil {
		// Its owner has looked already, and may be this process: closing a file ends
		// all locks that a process has on it, SQLite's as well.
		return true, false, nil
	}
	if interrupted(path) {
		return true, false, nil // SQLite mends it first, then says what it is
	}
	f, err := os.Open(path)
	if err != nil {
		return true, false, &bailiwick.Error{Code: bailiwick.Unavailable, Op: op, Err: err, Do: "look at the file's permissions"}
	}
	defer f.Close()
	header := make([]byte, 100)
	if _, err := io.ReadFull(f, header); err != nil || !bytes.HasPrefix(header, magic) {
		return true, false, refuse(fmt.Errorf("%s is not a SQLite database", path))
	}
	return true, false, nil
}

// inspect reads whose database a file is and what was applied to it, and leaves
// nothing beside it that was not there. The caller holds the lock.
func inspect(ctx context.Context, path string) (found, error) {
	exists, empty, err := checkHeader(path)
	if err != nil || empty {
		return found{exists: exists}, err
	}
	before := strays(path)
	params := url.Values{"mode": {"ro"}}
	if interrupted(path) {
		params.Set("mode", "rw") // SQLite undoes what was begun, for whoever opens the file
	} else if logEmpty(path) && !slices.Contains(before, path+"-shm") {
		// Everything is in the file itself, and nobody changes it: the lock is ours,
		// and a service whose guest the log is has no connection open. SQLite then
		// creates no files.
		params.Set("immutable", "1")
	}
	c, err := connect(ctx, dsn(path, params), nil)
	if err != nil {
		return found{}, unreadable(err)
	}
	f, err := describe(ctx, c)
	err = errors.Join(err, c.close())
	if shm := path + "-shm"; !logEmpty(path) && !slices.Contains(before, shm) {
		_ = os.Remove(shm) // an index of the log, which the next to open it makes anew
	}
	if err != nil {
		return found{}, unreadable(err)
	}
	return f, nil
}

// strays lists the files that SQLite keeps beside a database.
func strays(path string) []string {
	var list []string
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if _, err := os.Stat(path + suffix); err == nil {
			list = append(list, path+suffix)
		}
	}
	return list
}

// interrupted reports whether a transaction without a write-ahead log was cut off: a
// first start, which was killed or lost its power before there was one.
func interrupted(path string) bool {
	info, err := os.Stat(path + "-journal")
	return err == nil && info.Size() > 0
}

// logEmpty reports whether nothing is in a database's write-ahead log that is not
// in the file. The caller holds the lock.
func logEmpty(path string) bool {
	info, err := os.Stat(path + "-wal")
	return errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0
}

// clearUp has SQLite remove what it keeps beside a database that nobody uses. Only
// SQLite knows whether somebody does: the files of others who look stay, and go
// with the last of them. A log that holds something was left by an owner that was
// killed; it is the next owner's. The caller holds the lock.
func clearUp(path string) {
	if !logEmpty(path) {
		return // somebody ran it since
	}
	// What fails here leaves files that cost nothing and go with the next owner.
	c, err := connect(bare, dsn(path, url.Values{"mode": {"rw"}}), nil)
	if err != nil {
		return
	}
	_, _ = describe(bare, c) // SQLite opens the log once it is asked for something
	_ = c.close()
}

func unreadable(err error) error {
	switch resultCode(err) {
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return &bailiwick.Error{Code: bailiwick.NotDatabase, Op: "sqlite: open", Err: err, Do: "restore the file from a backup"}
	}
	return failure("sqlite: open", err)
}

// describe reads the owner and the applied migrations; nothing where the database
// has none of this project's tables.
func describe(ctx context.Context, c *conn) (found, error) {
	f := found{exists: true, applied: map[string][]store.AppliedMigration{}}
	var tables int
	if err := c.queryRow(ctx, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('bailiwick_meta', 'bailiwick_migrations')").Scan(&tables); err != nil {
		return f, err
	}
	if tables < 2 {
		return f, nil
	}
	if err := c.queryRow(ctx, "SELECT coalesce((SELECT value FROM bailiwick_meta WHERE name = 'owner'), '')").Scan(&f.owner); err != nil {
		return f, err
	}
	if err := c.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM bailiwick_meta WHERE name = ? AND value = ?),
		EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'bailiwick_log'),
		EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'bailiwick_positions')`, guest.MetaKey, guest.MetaValue).Scan(&f.guest, &f.logs, &f.follows); err != nil {
		return f, err
	}
	rows, err := c.query(ctx, "SELECT component, version, name, checksum FROM bailiwick_migrations ORDER BY component, version")
	if err != nil {
		return f, err
	}
	defer rows.Close()
	for rows.Next() {
		var component string
		var m store.AppliedMigration
		if err := rows.Scan(&component, &m.Version, &m.Name, &m.Checksum); err != nil {
			return f, err
		}
		f.applied[component] = append(f.applied[component], m)
	}
	return f, rows.Err()
}

// checkOwner refuses a database of another service.
func (f found) checkOwner(path, owner string) error {
	if f.owner == "" || f.owner == owner {
		return nil
	}
	return &bailiwick.Error{Code: bailiwick.WrongOwner, Op: "sqlite: open",
		Err: fmt.Errorf("%s belongs to %s, not to %s", path, f.owner, owner), Do: "give each service a file of its own"}
}
