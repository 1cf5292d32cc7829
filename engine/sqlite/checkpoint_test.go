package sqlite

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/bailiwick/bailiwick/store"
)

// Under steady writing the write-ahead log stays within its bound, and its content
// reaches the file; closed, there is no log any more.
func TestWriteAheadLogIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "order.db")
	db, err := Open(context.Background(), path, Options{Owner: "order", Synchronous: Off, Migrations: []store.Migration{
		{Version: 1, Name: "blobs", SQL: "CREATE TABLE blob (id INTEGER PRIMARY KEY, data BLOB)"}}})
	if err != nil {
		t.Fatal(err)
	}
	data := bytes.Repeat([]byte{1}, 1<<20)
	for i := range 150 {
		err := db.Do(context.Background(), func(tx *store.Tx) error {
			_, err := tx.SQL().Exec("INSERT OR REPLACE INTO blob VALUES (?, ?)", i%10, data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	if bound := int64(checkpointCap+2*checkpointPages) * 4200; info.Size() > bound {
		t.Errorf("the write-ahead log has %d bytes, its bound is %d", info.Size(), bound)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); err == nil {
		t.Error("the write-ahead log was left behind")
	}
	if info, err := os.Stat(path); err != nil || info.Size() < 10<<20 {
		t.Errorf("the file has %d bytes (%v)", info.Size(), err)
	}
}

// Each commit costs one sync; the figures in Stats say so.
func TestStatsCountCommitsAndSyncs(t *testing.T) {
	o := openBoth(t, filepath.Join(t.TempDir(), "order.db"), families)
	before := o.Stats()
	for i := range 3 {
		if err := o.Do(context.Background(), exec("INSERT INTO entry VALUES (?)", i)); err != nil {
			t.Fatal(err)
		}
	}
	after := o.Stats()
	if after.Commits-before.Commits != 3 || after.Members-before.Members != 3 || after.Syncs-before.Syncs != 3 {
		t.Errorf("three transactions: before %+v, after %+v", before, after)
	}
	if after.Max != 5 || after.Open < 1 || after.Open != after.Active+after.Idle {
		t.Errorf("connections: %+v", after)
	}
}

// Who commits and who copies the log wait for the disk as the level says, and on
// every system for what is behind the drive's cache.
func TestEveryConnectionThatSyncsDoesSoFully(t *testing.T) {
	for i, level := range []Synchronous{Off, Normal, Full} {
		engine, _, err := open(context.Background(), filepath.Join(t.TempDir(), "order.db"), Options{Owner: "order", Synchronous: level})
		if err != nil {
			t.Fatal(err)
		}
		copies, err := engine.checkpointer.open(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]*conn{"the writer": engine.writer.conn, "the checkpointer": copies} {
			var synchronous, full int
			err := c.queryRow(bare, "SELECT synchronous, fullfsync FROM pragma_synchronous, pragma_fullfsync").Scan(&synchronous, &full)
			if err != nil || synchronous != i || full != 1 {
				t.Errorf("%s: %s has synchronous %d, fullfsync %d: %v", level, name, synchronous, full, err)
			}
		}
		if err := copies.close(); err != nil {
			t.Error(err)
		}
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	}
}
