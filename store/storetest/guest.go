package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/guest"
)

// A Guest is an engine in databases whose tables their service manages itself.
type Guest struct {
	// Open is a place for one database that has the tables of these parts.
	Open func(t *testing.T, parts guest.Parts) Harness
	// OneWriter says that two transactions never write at once, although the engine
	// gives messages their places after commit, because others write beside it.
	OneWriter bool
}

// RunGuest runs the cases that concern a guest, each in a database of its own: how
// rows and messages are kept in tables that somebody else made. The other groups are
// about migrations, which a guest has none of, and about code that [Run] has shown
// to keep its promises whoever made the tables.
func RunGuest(t *testing.T, g Guest) {
	open := func(t *testing.T) Harness { return g.Open(t, guest.Saga) }
	for _, group := range groups {
		if !slices.Contains(ofGuests, group.name) {
			continue
		}
		cases := group.cases
		if g.OneWriter {
			cases = slices.DeleteFunc(slices.Clone(cases), func(c testCase) bool { return slices.Contains(ofTwoWriters, c.name) })
		}
		runCases(t, group.name, cases, open)
	}
	runCases(t, "GuestFollows", followingGuestCases, func(t *testing.T) Harness { return g.Open(t, guest.Inbox) })
	runCases(t, "GuestPublishes", publishingGuestCases, func(t *testing.T) Harness { return g.Open(t, guest.Outbox) })
}

// ofGuests are the groups about what is kept in tables.
var ofGuests = []string{"Transaction", "Log", "Concurrency", "Stamping", "Retention", "Position", "Claim", "Record", "Lease"}

// ofTwoWriters are the cases in which a transaction that has written stays open until
// another one has written too: with one writer that never comes to pass.
var ofTwoWriters = []string{"SmallerIDCommitsLater", "LockedKeyComesInCommitOrder", "EarlyWriterAppendsLate"}

var followingGuestCases = []testCase{
	// A guest that only follows has no log, and says so to whoever publishes.
	{"HasNoLog", func(s *suite) {
		db := s.openAsGuest()
		s.do(db, func(tx *store.Tx) error {
			if _, fresh, err := tx.Claim("a", "b", nil); err != nil || !fresh {
				return errors.Join(err, errors.New("the key is taken"))
			}
			return tx.Move(bailiwick.Position{}, guestPosition)
		})
		s.code(db.Do(s.ctx, func(tx *store.Tx) error { return tx.Publish(message("order.placed", "1")) }), bailiwick.NotFound)
		run, stop := context.WithCancel(s.ctx)
		stop()
		if err := db.Run(run); err != nil {
			s.Error(err)
		}
		if state, err := db.Log().State(s.ctx); err != nil || state.Head != 0 || state.Epoch != 1 {
			s.Errorf("its log is %+v, %v", state, err)
		}
	}},
}

var publishingGuestCases = []testCase{
	// A guest that only publishes can be looked at like any other, and says so to
	// whoever wants to follow.
	{"HasNoInbox", func(s *suite) {
		db := s.openAsGuest()
		s.read(db, func(tx *store.Tx) error {
			list, err := tx.Positions()
			if len(list) > 0 {
				s.Errorf("there are positions: %+v", list)
			}
			return err
		})
		for what, call := range map[string]func(tx *store.Tx) error{
			"claiming": func(tx *store.Tx) error { _, _, err := tx.Claim("a", "b", nil); return err },
			"moving":   func(tx *store.Tx) error { return tx.Move(bailiwick.Position{}, guestPosition) },
		} {
			if err := db.Do(s.ctx, call); bailiwick.CodeOf(err) != bailiwick.NotFound || !strings.Contains(err.Error(), "--for inbox") {
				s.Errorf("%s: %v", what, err)
			}
		}
	}},
}

var guestPosition = store.FollowerPosition{Follower: "f", Lanes: 1, Position: bailiwick.Position{Epoch: 1, Seq: 7}}

// openAsGuest opens a database that does no background work.
func (s *suite) openAsGuest() *store.DB {
	s.Helper()
	db, err := s.harness.Open(s.ctx, s.setup())
	if err != nil {
		s.Fatalf("opening: %v", err)
	}
	s.Cleanup(func() {
		if err := db.Close(); err != nil {
			s.Errorf("closing: %v", err)
		}
	})
	return db
}
