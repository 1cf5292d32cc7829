package sqlite

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/driver"
	"github.com/bailiwick/bailiwick/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		path := filepath.Join(t.TempDir(), "test.db")
		options := func(s storetest.Setup) Options {
			return Options{Owner: s.Owner, Migrations: s.Migrations, Contract: s.Contract, Store: s.Store}
		}
		return storetest.Harness{
			Open: func(ctx context.Context, s storetest.Setup) (*store.DB, error) { return Open(ctx, path, options(s)) },
			OpenDriver: func(ctx context.Context, s storetest.Setup) (driver.DB, error) {
				db, _, err := open(ctx, path, options(s))
				if err != nil {
					return nil, err
				}
				return db, nil
			},
		}
	})
}
