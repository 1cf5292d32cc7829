package storetest

import (
	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

var openingCases = []testCase{
	{"MigrationsAreAppliedOnce", func(s *suite) {
		setup := s.setup()
		_, closeIt := s.openAndClose(setup)
		closeIt()
		// Were one applied again, its CREATE TABLE would fail.
		setup.Migrations = append(setup.Migrations[:1:1], store.Migration{Version: 2, Name: "more", SQL: "CREATE TABLE more (id VARCHAR(64) PRIMARY KEY);"})
		_, closeIt = s.openAndClose(setup)
		closeIt()
		s.openWith(setup)
	}},
	// Two instances that start together migrate once.
	{"ConcurrentOpensMigrateOnce", func(s *suite) {
		opened := make([]*store.DB, 4)
		errs := make([]error, len(opened))
		s.parallel(len(opened), func(i int) error {
			opened[i], errs[i] = s.harness.Open(s.ctx, s.setup())
			return nil
		})
		worked := 0
		for i, db := range opened {
			if errs[i] != nil {
				// Where there can be one owner only, the others are told.
				s.code(errs[i], bailiwick.Locked)
				continue
			}
			worked++
			if shared := db.Capabilities().Shared; worked > 1 && !shared {
				s.Error("two own a database that one may own")
			}
			if err := db.Close(); err != nil {
				s.Error(err)
			}
		}
		if worked == 0 {
			s.Fatal("nobody could open it")
		}
		s.total(s.open(), 0)
	}},
	{"EditedMigrationIsRefused", func(s *suite) {
		setup := s.setup()
		_, closeIt := s.openAndClose(setup)
		closeIt()
		edited := setup
		edited.Migrations = []store.Migration{{Version: 1, Name: "entries", SQL: setup.Migrations[0].SQL + " -- edited"}}
		s.refused(edited, bailiwick.SchemaChanged)
		s.openWith(setup)
	}},
	{"NewerDatabaseIsRefused", func(s *suite) {
		setup := s.setup()
		newer := setup
		newer.Migrations = append(setup.Migrations[:1:1], store.Migration{Version: 2, Name: "more", SQL: "CREATE TABLE more (id VARCHAR(64) PRIMARY KEY);"})
		_, closeIt := s.openAndClose(newer)
		closeIt()
		s.refused(setup, bailiwick.SchemaNewer)
		s.openWith(newer)
	}},
	{"AnotherOwnerIsRefused", func(s *suite) {
		setup := s.setup()
		db, closeIt := s.openAndClose(setup)
		s.publish(db, "order.placed", "1")
		s.head(db, 1)
		closeIt()
		other := setup
		other.Owner = "payment"
		s.refused(other, bailiwick.WrongOwner)
		db = s.openWith(setup)
		if db.Owner() != "order" || db.Log().Name() != "order/outbox" {
			s.Errorf("owner %s, log %s", db.Owner(), db.Log().Name())
		}
		s.head(db, 1)
	}},
	// A step that fails is not half applied: mended, it goes through.
	{"FailedMigrationLeavesNothing", func(s *suite) {
		setup := s.setup()
		_, closeIt := s.openAndClose(setup)
		closeIt()
		broken := setup
		broken.Migrations = append(setup.Migrations[:1:1], store.Migration{Version: 2, Name: "more",
			SQL: "CREATE TABLE more (id VARCHAR(64) PRIMARY KEY); INSERT INTO nowhere VALUES (1);"})
		if db, err := s.harness.Open(s.ctx, broken); err == nil {
			db.Close()
			s.Fatal("a migration that fails was applied")
		}
		mended := setup
		mended.Migrations = append(setup.Migrations[:1:1], store.Migration{Version: 2, Name: "more", SQL: "CREATE TABLE more (id VARCHAR(64) PRIMARY KEY);"})
		s.openWith(mended)
	}},
	{"RunningOwnerKeepsOthersOut", func(s *suite) {
		db := s.open()
		if db.Capabilities().Shared {
			s.openWith(s.setup()) // several instances of one service are the normal case
		} else {
			s.refused(s.setup(), bailiwick.Locked)
		}
		other := s.setup()
		other.Owner = "payment"
		second, err := s.harness.Open(s.ctx, other)
		if err == nil {
			second.Close()
			s.Fatal("another service got in")
		}
		s.publish(db, "order.placed", "1") // and the owner is none the worse
	}},
}

// refused fails unless opening is refused with the code.
func (s *suite) refused(setup Setup, want bailiwick.Code) {
	s.Helper()
	db, err := s.harness.Open(s.ctx, setup)
	if err == nil {
		db.Close()
	}
	s.code(err, want)
}
