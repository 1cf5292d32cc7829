package bailiwicktest_test

import (
	"errors"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/bailiwicktest"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// What does not hold is told together with what is there instead.
func TestFailuresSayWhatIsThere(t *testing.T) {
	w := bailiwicktest.Run(t, till, bank)
	w.Post("/till/sales", sale{"s1", 5}, nil)
	w.Settle()
	db := w.DB("till")
	for _, c := range []struct {
		check func(t testing.TB)
		said  []string
	}{
		{func(t testing.TB) { bailiwicktest.WantPublished(t, db, "till.sold", sale{"s1", 6}) },
			[]string{"till.sold was published 1 times, want 1", `want {"id":"s1","price":6}`, `bank.pay  k  {`, `till.sold  s1  {"id":"s1","price":5}`}},
		{func(t testing.TB) { bailiwicktest.WantPublished[sale](t, db, "till.sold") }, []string{"1 times, want 0"}},
		{func(t testing.TB) { bailiwicktest.WantPublished(t, db, "till.closed", sale{}) }, []string{"0 times, want 1"}},
		{func(t testing.TB) { bailiwicktest.Published[int](t, db, "till.sold") }, []string{"cannot unmarshal", "of till/outbox"}},
		{func(t testing.TB) { bailiwicktest.WantSaga(t, db, "s1", saga.Compensated) },
			[]string{"saga s1 is completed, want compensated", "pay do done"}},
		{func(t testing.TB) { bailiwicktest.WantSaga(t, db, "s1", saga.Completed, "create do done") },
			[]string{"with the steps\n  create do done", "its steps are\n  create do done\n  pay do done"}},
		{func(t testing.TB) { bailiwicktest.WantSaga(t, db, "s2", saga.Completed) }, []string{"the sagas of till are [s1]"}},
		{func(t testing.TB) { bailiwicktest.WantRows(t, db, `SELECT id, state FROM sale`, "s1 open") },
			[]string{"yields\n  s1 sold\nwant\n  s1 open"}},
		{func(t testing.TB) { bailiwicktest.WantRows(t, db, `SELECT id FROM sale WHERE id = 'x'`, "x") }, []string{"(nothing)"}},
		{func(t testing.TB) { bailiwicktest.Rows(t, db, `SELECT id FROM nowhere`) }, []string{"nowhere"}},
		{func(t testing.TB) { bailiwicktest.WantParked(t, db, "k") }, []string{"till has parked\n  (nothing)\nwant\n  k"}},
	} {
		wantSaid(t, c.check, c.said...)
	}

	w.Break("bank", "bank.pay", func(follow.Handler) follow.Handler {
		return func(*store.Tx, *bailiwick.Message) error {
			return &bailiwick.Error{Code: bailiwick.Poison, Op: "bank: read", Err: errors.New("it is in Greek")}
		}
	})
	w.Post("/till/sales", sale{"s2", 5}, nil)
	w.Settle()
	wantSaid(t, func(t testing.TB) { bailiwicktest.WantParked(t, w.DB("bank")) }, "k, bank.pay of till/outbox: bank: read: it is in Greek")
}
