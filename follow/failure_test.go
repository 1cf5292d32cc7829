package follow

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
)

func TestInfrastructure(t *testing.T) {
	coded := func(code bailiwick.Code, cause error) error {
		return &bailiwick.Error{Code: code, Op: "test", Err: cause}
	}
	plain := errors.New("no such coin")
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"nothing", nil, false},
		{"a plain error", plain, false},
		{"unavailable", coded(bailiwick.Unavailable, plain), true},
		{"unknown", coded(bailiwick.Unknown, plain), true},
		{"locked", coded(bailiwick.Locked, plain), true},
		{"closed", coded(bailiwick.Closed, plain), true},
		{"conflict", coded(bailiwick.Conflict, plain), false},
		{"not found", coded(bailiwick.NotFound, plain), false},
		{"key reused", coded(bailiwick.KeyReused, plain), false},
		{"internal", coded(bailiwick.Internal, plain), false},
		{"unavailable, wrapped as text", fmt.Errorf("read: %w", coded(bailiwick.Unavailable, plain)), true},
		{"unavailable, wrapped with another code", coded(bailiwick.Internal, coded(bailiwick.Unavailable, plain)), true},
		{"unavailable, joined", errors.Join(plain, coded(bailiwick.Unavailable, plain)), true},
		{"poison by the handler's verdict", coded(bailiwick.Poison, coded(bailiwick.Unavailable, plain)), false},
		{"invalid by the handler's verdict", coded(bailiwick.Invalid, context.Canceled), false},
		{"context", fmt.Errorf("read: %w", context.DeadlineExceeded), true},
		{"connection", sqldriver.ErrBadConn, true},
		{"transaction", sql.ErrTxDone, true},
		{"network", &net.OpError{Op: "dial", Err: plain}, true},
		{"no rows", sql.ErrNoRows, false},
		{"from a handler", &failure{1, coded(bailiwick.Unavailable, plain)}, true},
	} {
		if got := infrastructure(c.err); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// A key's lane is part of what databases remember.
func TestSlotNeverChanges(t *testing.T) {
	for key, want := range map[string]int{"": 5, "a": 12, "order-1": 13, "order-2": 4} {
		if got := slot(key, 16); got != want {
			t.Errorf("slot(%q, 16) = %d, want %d", key, got, want)
		}
	}
}

func TestJitterIsFull(t *testing.T) {
	r := &runner{rand: rand.New(rand.NewPCG(3, 4))}
	for n, bound := range map[int]time.Duration{1: 100, 2: 200, 3: 400, 4: 800, 5: 1000, 500: 1000} {
		low, high := bound, time.Duration(0)
		for range 2000 {
			wait := r.jitter(n, 100, 1000)
			low, high = min(low, wait), max(high, wait)
		}
		if low > bound/20 || high < bound-bound/20 || high > bound {
			t.Errorf("wait %d is drawn from %d to %d, want 0 to %d", n, low, high, bound)
		}
	}
}
