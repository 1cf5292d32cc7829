package memory_test

import (
	"context"
	"testing"

	"github.com/bailiwick/bailiwick/internal/memory"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/driver"
	"github.com/bailiwick/bailiwick/store/storetest"
)

// Whatever is tested on a stand-in is worth as much as the stand-in keeps of what
// engines promise: both kinds keep all of it.
func TestConformance(t *testing.T) {
	for name, options := range map[string]memory.Options{
		"one writer":               {},
		"one writer, shared":       {Shared: true},
		"many writers":             {Stamps: true},
		"many writers, and owners": {Stamps: true, Shared: true},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.RunWithoutSQL(t, func(t *testing.T) storetest.Harness { return harness(memory.NewDisk(options)) })
		})
	}
}

func harness(disk *memory.Disk) storetest.Harness {
	return storetest.Harness{
		Open: func(_ context.Context, s storetest.Setup) (*store.DB, error) { return disk.Open(s.Owner, s.Store) },
		OpenDriver: func(_ context.Context, s storetest.Setup) (driver.DB, error) {
			db, err := disk.OpenDriver(s.Owner)
			if err != nil {
				return nil, err
			}
			return db, nil
		},
	}
}
