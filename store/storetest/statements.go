package storetest

import (
	"fmt"

	"github.com/bailiwick/bailiwick/store"
)

// What a service's own SQL may rely on, whatever the engine.
var statementCases = []testCase{
	{"SeveralStatementsInOneText", func(s *suite) {
		db := s.open()
		if !db.Capabilities().SQL {
			return
		}
		s.do(db, func(tx *store.Tx) error {
			_, err := tx.SQL().Exec("INSERT INTO entry (id, amount) VALUES ('1', 1); INSERT INTO entry (id, amount) VALUES ('2', 2);")
			return err
		})
		s.total(db, 3)
	}},
	// A question mark is a value's place on every engine, but not inside a literal.
	{"PlaceholdersAreQuestionMarks", func(s *suite) {
		db := s.open()
		if !db.Capabilities().SQL {
			return
		}
		s.do(db, func(tx *store.Tx) error {
			_, err := tx.SQL().Exec("INSERT INTO entry (id, amount) VALUES ('why?', ?) -- really?", 4)
			return err
		})
		s.read(db, func(tx *store.Tx) error {
			var n int
			err := tx.SQL().QueryRow("SELECT amount FROM entry WHERE id = 'why?' AND amount > ?", 3).Scan(&n)
			if n != 4 {
				s.Errorf("read %d", n)
			}
			return err
		})
	}},
	// Rows that a closure forgot to close must not trouble the next one.
	{"ForgottenRows", func(s *suite) {
		db := s.open()
		if !db.Capabilities().SQL {
			return
		}
		s.do(db, func(tx *store.Tx) error {
			for i := range 3 {
				if err := s.insert(tx, fmt.Sprint(i), 1); err != nil {
					return err
				}
			}
			return nil
		})
		first := func(tx *store.Tx) error {
			rows, err := tx.SQL().Query("SELECT id FROM entry ORDER BY id")
			if err != nil {
				return err
			}
			rows.Next()
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			if id != "0" {
				s.Errorf("the first row is %s", id)
			}
			return nil // without rows.Close()
		}
		for range 6 {
			s.do(db, first)
			s.read(db, first)
		}
	}},
	{"StatementsPreparedByTheClosure", func(s *suite) {
		db := s.open()
		if !db.Capabilities().SQL {
			return
		}
		for range 2 {
			s.do(db, func(tx *store.Tx) error {
				st, err := tx.SQL().PrepareContext(s.ctx, "UPDATE entry SET amount = amount + ? WHERE id = ?")
				if err != nil {
					return err
				}
				_, err = st.ExecContext(s.ctx, 1, "none")
				return err
			})
		}
	}},
}
