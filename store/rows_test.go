package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/store"
)

// Whatever the number of rows, each is inserted once, in order.
func TestExecRows(t *testing.T) {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "rows.db"), sqlite.Options{Owner: "rows",
		Migrations: []store.Migration{{Version: 1, Name: "rows", SQL: `CREATE TABLE pair (n INTEGER PRIMARY KEY AUTOINCREMENT, a BIGINT, b TEXT)`}}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, n := range []int{0, 1, 3, 4, 15, 16, 17, 21, 64, 100} {
		err := db.Do(ctx, func(tx *store.Tx) error {
			if _, err := tx.SQL().Exec(`DELETE FROM pair`); err != nil {
				return err
			}
			var values []any
			for i := range n {
				values = append(values, i, fmt.Sprint("row ", i))
			}
			if err := tx.SQL().ExecRows("INSERT INTO pair (a, b) VALUES (?, ?);\n", values...); err != nil {
				return err
			}
			rows, err := tx.SQL().Query(`SELECT a, b FROM pair ORDER BY n`)
			if err != nil {
				return err
			}
			defer rows.Close()
			found := 0
			for rows.Next() {
				var a int
				var b string
				if err := rows.Scan(&a, &b); err != nil {
					return err
				}
				if a != found || b != fmt.Sprint("row ", found) {
					t.Errorf("of %d rows, number %d is %d, %q", n, found, a, b)
				}
				found++
			}
			if found != n {
				t.Errorf("%d rows came to %d", n, found)
			}
			return rows.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestExecRowsRefusesWhatItCannotRepeat(t *testing.T) {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "rows.db"), sqlite.Options{Owner: "rows"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for query, values := range map[string][]any{
		`INSERT INTO pair (a, b) VALUES (?, ?)`:                            {1, 2, 3},
		`INSERT INTO pair (a, b) VALUES (?, ?) ON CONFLICT (a) DO NOTHING`: {1, 2},
		`DELETE FROM pair`: {1},
	} {
		err := db.Do(ctx, func(tx *store.Tx) error { return tx.SQL().ExecRows(query, values...) })
		if bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Errorf("%s: got %v", query, err)
		}
	}
}

// BenchmarkExecRows inserts the lines of an order, together and one by one; an
// operation is a line.
func BenchmarkExecRows(b *testing.B) {
	const query = `INSERT INTO line (document, n, code, quantity) VALUES (?, ?, ?, ?)`
	const lines = 21
	insert := map[string]func(tx *store.Tx, values []any) error{
		"together": func(tx *store.Tx, values []any) error { return tx.SQL().ExecRows(query, values...) },
		"one by one": func(tx *store.Tx, values []any) error {
			for ; len(values) > 0; values = values[4:] {
				if _, err := tx.SQL().Exec(query, values[:4]...); err != nil {
					return err
				}
			}
			return nil
		},
	}
	for name, insert := range insert {
		b.Run(name, func(b *testing.B) {
			ctx := context.Background()
			db, err := sqlite.Open(ctx, filepath.Join(b.TempDir(), "rows.db"), sqlite.Options{Owner: "rows", Synchronous: sqlite.Off,
				Migrations: []store.Migration{{Version: 1, Name: "lines", SQL: `CREATE TABLE line (document TEXT, n INTEGER, code TEXT, quantity BIGINT, PRIMARY KEY (document, n)) /*sqlite WITHOUT ROWID */`}}})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			b.ResetTimer()
			for done := 0; done < b.N; done += 100 * lines {
				err := db.Do(ctx, func(tx *store.Tx) error {
					for range 100 {
						document, values := db.NewID().String(), []any{}
						for n := range lines {
							values = append(values, document, n, "85123A", 6)
						}
						if err := insert(tx, values); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
