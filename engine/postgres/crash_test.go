package postgres

import (
	"context"
	"os"
	"strconv"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/pgtest"
	"github.com/bailiwick/bailiwick/store/driver"
)

// The server crashes before COMMIT arrives, and with it everything that is known of
// the transaction, its id included: the next ones get the same ids, and are committed.
// Theirs is not the outcome of the one that was lost.
func TestCrashMakesNoOutcome(t *testing.T) {
	var own pgtest.Server
	t.Cleanup(own.Stop)
	d := opened(t, own.Database(t), Options{Migrations: entries})
	for name, crash := range map[string]func(pid int){
		"restarted": func(int) {
			if err := own.Restart(); err != nil {
				t.Fatal(err)
			}
		},
		"recovered": func(pid int) { // whose session is killed takes all others with it
			process, err := os.FindProcess(pid)
			if err == nil {
				err = process.Kill()
			}
			if err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			reused := false
			for n := 0; n < 10 && !reused; n++ { // unless the id came to the disk before the crash
				reused = loseToCrash(t, d, crash)
			}
			if !reused {
				t.Error("no id was used again: this shows nothing")
			}
		})
	}
}

// loseToCrash runs a transaction through a crash, after which others take ids until
// they have its own, and reports whether that one was used again.
func loseToCrash(t *testing.T, d *db, crash func(pid int)) (reused bool) {
	t.Helper()
	crashed, ctx := false, context.Background()
	err := d.Do(ctx, func(tx driver.Tx) error {
		if err := tx.Append([]bailiwick.Message{message("k", 1)}); err != nil { // which tells the id
			return err
		}
		var id, began, crew string
		var pid int
		err := tx.SQL().QueryRowContext(ctx, "INSERT INTO entry (n) VALUES ((SELECT count(*) FROM entry)) RETURNING pg_current_xact_id()::text, pg_backend_pid()").Scan(&id, &pid)
		if err != nil || crashed {
			return err
		}
		if err := tx.SQL().QueryRowContext(ctx, thisLife).Scan(&began, &crew); err != nil {
			return err
		}
		crashed = true
		crash(pid)
		for same := true; same; { // until it has recovered
			if err := d.pool.QueryRow("SELECT $1 = '' AND "+sameLife, "", began, crew).Scan(&same); err != nil {
				same = true
			}
		}
		reused = spend(t, d, id)
		return nil
	})
	var rows int
	if err := d.pool.QueryRow("SELECT count(*) FROM entry").Scan(&rows); err != nil {
		t.Fatal(err)
	}
	if _, err := d.pool.Exec("DELETE FROM entry"); err != nil {
		t.Fatal(err)
	}
	if err == nil && rows != 1 || err != nil && (rows != 0 || bailiwick.CodeOf(err) != bailiwick.Unknown) {
		t.Errorf("it was told %v, and there are %d rows", err, rows)
	}
	return reused
}

// spend commits transactions until an id is taken, and reports whether it was free.
func spend(t *testing.T, d *db, id string) (free bool) {
	t.Helper()
	want, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	for {
		var got uint64
		if err := d.pool.QueryRow("SELECT pg_current_xact_id()::text").Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got >= want {
			return got == want
		}
	}
}
