package storetest

import (
	"fmt"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// renaming renames entry.amount to cents in phases: both columns are there while
// old and new programs are. The key is what a program fills in, since an engine's
// triggers are beside the point here.
var renaming = append(tables[:1:1],
	store.Migration{Version: 2, Name: "cents", Phase: store.Expand, SQL: "ALTER TABLE entry ADD COLUMN cents BIGINT;"},
	store.Migration{Version: 3, Name: "cents", Phase: store.Backfill, SQL: `UPDATE entry SET cents = amount
		WHERE id IN (SELECT id FROM entry WHERE cents IS NULL ORDER BY id LIMIT 3)`},
	store.Migration{Version: 4, Name: "cents", Phase: store.Contract, SQL: "ALTER TABLE entry DROP COLUMN amount;",
		Check: "SELECT id FROM entry WHERE cents IS NULL ORDER BY id"},
)

// newSetup is that of the program that follows the one of setup.
func (s *suite) newSetup() Setup {
	setup := s.setup()
	setup.Migrations = renaming
	return setup
}

// filled opens the database as the older program and puts n entries into it.
func (s *suite) filled(n int) (older *store.DB, closeIt func()) {
	s.Helper()
	db, closeIt := s.openAndClose(s.setup())
	for i := range n {
		s.must(s.addEntry(db, fmt.Sprint(i), int64(i)))
	}
	return db, closeIt
}

func (s *suite) addEntry(db *store.DB, id string, amount int64) error {
	return db.Do(s.ctx, func(tx *store.Tx) error {
		_, err := tx.SQL().Exec("INSERT INTO entry (id, amount) VALUES (?, ?)", id, amount)
		return err
	})
}

func (s *suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// number returns what a query of one number returns.
func (s *suite) number(db *store.DB, query string) (n int64) {
	s.Helper()
	s.must(db.Read(s.ctx, func(tx *store.Tx) error { return tx.SQL().QueryRow(query).Scan(&n) }))
	return n
}

var phaseCases = []testCase{
	// The older program can be started again after the newer one, until that has
	// contracted.
	{"ThereIsAWayBackUntilTheContract", func(s *suite) {
		_, closeIt := s.filled(10)
		closeIt()
		newer, closeIt := s.openAndClose(s.newSetup())
		if n := s.number(newer, "SELECT count(*) FROM entry WHERE cents = amount"); n != 10 {
			s.Errorf("%d entries were filled in, want 10", n)
		}
		closeIt()
		older, closeIt := s.openAndClose(s.setup())
		s.must(s.addEntry(older, "back", 1))
		closeIt()

		contracting := s.newSetup()
		contracting.Contract = true
		s.refused(contracting, bailiwick.Conflict) // "back" was not filled in
		newer, closeIt = s.openAndClose(s.newSetup())
		s.must(newer.Do(s.ctx, func(tx *store.Tx) error {
			_, err := tx.SQL().Exec("UPDATE entry SET cents = amount WHERE cents IS NULL")
			return err
		}))
		closeIt()
		newer, closeIt = s.openAndClose(contracting)
		if n := s.number(newer, "SELECT sum(cents) FROM entry"); n != 46 {
			s.Errorf("the entries add up to %d, want 46", n)
		}
		if err := s.addEntry(newer, "late", 1); err == nil {
			s.Error("the old column is still there")
		}
		closeIt()
		s.refused(s.setup(), bailiwick.SchemaNewer)
		s.openWith(s.newSetup())
	}},
	{"ANewDatabaseIsContractedAtOnce", func(s *suite) {
		if err := s.addEntry(s.openWith(s.newSetup()), "1", 1); err == nil {
			s.Error("the old column was left")
		}
	}},
	// A later step stands on the contract.
	{"ALaterStepBringsTheContract", func(s *suite) {
		_, closeIt := s.filled(1)
		closeIt()
		later := s.newSetup()
		later.Migrations = append(renaming[:4:4], store.Migration{Version: 5, Name: "day", Phase: store.Expand, SQL: "ALTER TABLE entry ADD COLUMN day BIGINT;"})
		db := s.openWith(later)
		if n := s.number(db, "SELECT count(*) FROM entry WHERE cents IS NOT NULL AND day IS NULL"); n != 1 {
			s.Errorf("%d entries, want 1", n)
		}
		if err := s.addEntry(db, "late", 1); err == nil {
			s.Error("the old column is still there")
		}
	}},
	// What was filled in before something went wrong stays, and the rest is done the
	// next time.
	{"AnInterruptedBackfillGoesOn", func(s *suite) {
		_, closeIt := s.filled(10)
		closeIt()
		strict := s.newSetup()
		strict.Migrations = append([]store.Migration(nil), renaming[:3]...)
		strict.Migrations[1].SQL = "ALTER TABLE entry ADD COLUMN cents BIGINT CHECK (cents <> 9);"
		s.refused(strict, bailiwick.Invalid)
		older, closeIt := s.openAndClose(s.setup())
		if n := s.number(older, "SELECT count(*) FROM entry WHERE cents = amount"); n != 9 {
			s.Errorf("%d entries were filled in before the one that could not be, want 9", n)
		}
		s.must(older.Do(s.ctx, func(tx *store.Tx) error {
			_, err := tx.SQL().Exec("UPDATE entry SET amount = 8 WHERE id = '9'")
			return err
		}))
		closeIt()
		if n := s.number(s.openWith(strict), "SELECT count(*) FROM entry WHERE cents = amount"); n != 10 {
			s.Errorf("%d entries were filled in, want 10", n)
		}
	}},
	// Where several processes may own the database, old and new ones are at work
	// together, and contracting waits for the last of the old. Where one may, the new
	// one is refused until the old one has gone.
	{"OldAndNewSideBySide", func(s *suite) {
		older, closeOlder := s.filled(10)
		if !older.Capabilities().Shared {
			s.refused(s.newSetup(), bailiwick.Locked)
			s.must(s.addEntry(older, "old", 1))
			closeOlder()
			if n := s.number(s.openWith(s.newSetup()), "SELECT count(*) FROM entry"); n != 11 {
				s.Errorf("%d entries, want 11", n)
			}
			return
		}
		newer := s.openWith(s.newSetup())
		s.must(s.addEntry(older, "old", 1))
		if n := s.number(newer, "SELECT count(*) FROM entry"); n != 11 {
			s.Errorf("%d entries, want 11", n)
		}
		contracting := s.newSetup()
		contracting.Contract = true
		s.refused(contracting, bailiwick.Locked)
		s.must(s.addEntry(older, "old too", 1))
		closeOlder()
		s.must(newer.Do(s.ctx, func(tx *store.Tx) error {
			_, err := tx.SQL().Exec("UPDATE entry SET cents = amount WHERE cents IS NULL")
			return err
		}))
		last := s.openWith(contracting) // beside the newer one, which goes on
		s.refused(s.setup(), bailiwick.SchemaNewer)
		for _, db := range []*store.DB{newer, last} {
			if n := s.number(db, "SELECT sum(cents) FROM entry"); n != 47 {
				s.Errorf("the entries add up to %d, want 47", n)
			}
		}
	}},
	{"AnIndexIsMadeBesideTransactions", func(s *suite) {
		setup := s.setup()
		setup.Migrations = append(tables[:1:1], store.Migration{Version: 2, Name: "by_amount", Phase: store.Concurrent,
			SQL: "CREATE INDEX /*postgres CONCURRENTLY*/ IF NOT EXISTS entry_by_amount ON entry (amount)"})
		older, closeIt := s.filled(1)
		if !older.Capabilities().Shared {
			closeIt()
		}
		newer := s.openWith(setup)
		if err := newer.Do(s.ctx, func(tx *store.Tx) error { _, err := tx.SQL().Exec("DROP INDEX entry_by_amount"); return err }); err != nil {
			s.Errorf("there is no index: %v", err)
		}
	}},
}
