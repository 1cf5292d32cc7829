package storetest_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/driver"
	"github.com/bailiwick/bailiwick/store/storetest"
)

// How an engine runs the suite, from a test beside it. openFile stands for how the
// engine opens a database.
func ExampleRun() {
	var openFile func(ctx context.Context, path string, s storetest.Setup) (driver.DB, error)

	testConformance := func(t *testing.T) { // func TestConformance(t *testing.T)
		storetest.Run(t, func(t *testing.T) storetest.Harness {
			path := filepath.Join(t.TempDir(), "test.db") // another one for every case
			return storetest.Harness{
				OpenDriver: func(ctx context.Context, s storetest.Setup) (driver.DB, error) {
					return openFile(ctx, path, s)
				},
				Open: func(ctx context.Context, s storetest.Setup) (*store.DB, error) {
					drv, err := openFile(ctx, path, s)
					if err != nil {
						return nil, err
					}
					return store.New(drv, s.Owner, s.Store), nil
				},
			}
		})
	}
	_ = testConformance
}
