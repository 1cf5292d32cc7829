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
