package sqlite

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
)

// A lock that nobody holds is not said to be held, however long the machine took to
// come to trying it.
func TestAFreeLockIsTakenLate(t *testing.T) {
	late, cancel := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel()
	path := filepath.Join(t.TempDir(), "order.db")
	l, err := takeLock(late, path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := takeLock(context.Background(), path); bailiwick.CodeOf(err) != bailiwick.Locked {
		t.Errorf("held, and taken again: %v", err)
	}
	if err := l.release(false); err != nil {
		t.Error(err)
	}
}
