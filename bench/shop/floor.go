package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite"
)

// A table of the finished run, in memory.
type table struct {
	create string // with its indexes, which a commit writes as well
	insert string
	rows   [][]any
}

// serviceLoad is what one service has to write at the least.
type serviceLoad struct {
	name     string
	tables   []table
	indexes  []string // the statements that make them
	messages int64
	commits  int64
}

func (l serviceLoad) rows() (n int) {
	for _, t := range l.tables {
		n += len(t.rows)
	}
	return n
}

// messageSize is what a message of the shop takes in its log, on average, with its
// ids and names.
const messageSize = 420

// loadService reads all rows of a service's database after a run.
func loadService(path, name string) (serviceLoad, error) {
	load := serviceLoad{name: name}
	db, err := sql.Open("sqlite", "file:"+url.PathEscape(path)+"?mode=ro")
	if err != nil {
		return load, err
	}
	defer db.Close()
	names, err := db.Query(`SELECT name, sql || coalesce((SELECT group_concat(';' || i.sql, '') FROM sqlite_master i
			WHERE i.type = 'index' AND i.tbl_name = t.name AND i.sql IS NOT NULL), '')
		FROM sqlite_master t WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'bailiwick_log'`)
	if err != nil {
		return load, err
	}
	defer names.Close()
	for names.Next() {
		var t, create string
		if err := names.Scan(&t, &create); err != nil {
			return load, err
		}
		tab, err := loadTable(db, t, create)
		if err != nil {
			return load, err
		}
		load.tables = append(load.tables, tab)
	}
	return load, names.Err()
}

func loadTable(db *sql.DB, name, create string) (table, error) {
	t := table{create: create}
	rows, err := db.Query(`SELECT * FROM "` + name + `"`)
	if err != nil {
		return t, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return t, err
	}
	t.insert = `INSERT INTO "` + name + `" VALUES (?` + strings.Repeat(",?", len(columns)-1) + `)`
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return t, err
		}
		t.rows = append(t.rows, row)
	}
	return t, rows.Err()
}

// floor writes the loads into fresh databases, one goroutine a service, each in as
// many durable commits as the run made, and returns how long that took.
func floor(dir string, loads []serviceLoad) (time.Duration, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	errs := make([]error, len(loads))
	var wg sync.WaitGroup
	begun := time.Now()
	for i, l := range loads {
		wg.Go(func() { errs[i] = l.write(filepath.Join(dir, l.name+".db")) })
	}
	wg.Wait()
	took := time.Since(begun)
	for i, err := range errs {
		if err != nil {
			return 0, fmt.Errorf("%s: %w", loads[i].name, err)
		}
	}
	return took, nil
}

func (l serviceLoad) write(path string) error {
	ctx := context.Background()
	db, err := sql.Open("sqlite", "file:"+url.PathEscape(path)+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(8000)")
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `CREATE TABLE message (seq INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL)`); err != nil {
		return err
	}
	inserts := make([]*sql.Stmt, len(l.tables))
	for i, t := range l.tables {
		if _, err := conn.ExecContext(ctx, t.create); err != nil {
			return err
		}
		if inserts[i], err = conn.PrepareContext(ctx, t.insert); err != nil {
			return err
		}
	}
	message, err := conn.PrepareContext(ctx, `INSERT INTO message (body) VALUES (?)`)
	if err != nil {
		return err
	}
	body := make([]byte, messageSize)
	share := func(total, commit int64) (from, to int64) {
		return total * commit / l.commits, total * (commit + 1) / l.commits
	}
	for c := range l.commits {
		if _, err := conn.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
			return err
		}
		for i, t := range l.tables {
			from, to := share(int64(len(t.rows)), c)
			for _, row := range t.rows[from:to] {
				if _, err := inserts[i].ExecContext(ctx, row...); err != nil {
					return err
				}
			}
		}
		for from, to := share(l.messages, c); from < to; from++ {
			if _, err := message.ExecContext(ctx, body); err != nil {
				return err
			}
		}
		if _, err := conn.ExecContext(ctx, `COMMIT`); err != nil {
			return err
		}
	}
	return nil
}
