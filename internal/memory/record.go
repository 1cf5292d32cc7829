package memory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
)

// Put writes a record by compare-and-set.
func (t *tx) Put(r driver.Record) error {
	what := "record " + r.Kind + "/" + r.Key
	s, done, err := t.write(what, what)
	if err != nil {
		return err
	}
	defer done()
	have, ok := t.record(s, r.Kind, r.Key)
	if have.Version != r.Version || !ok && r.State == "" {
		return &bailiwick.Error{Code: bailiwick.Conflict, Op: "memory: put " + r.Kind + "/" + r.Key, Err: fmt.Errorf("its version is not %d", r.Version)}
	}
	r.Version++
	set(&t.records, [2]string{r.Kind, r.Key}, r)
	return nil
}

// record returns one record as the transaction sees it.
func (t *tx) record(s *state, kind, key string) (r driver.Record, ok bool) {
	if r, ok = t.records[[2]string{kind, key}]; ok && r.State == "" {
		return driver.Record{}, false
	} else if ok {
		return r, true
	}
	r, ok = s.records[kind][key]
	return r, ok
}

// List returns the records that a query selects.
func (t *tx) List(q driver.Query) ([]driver.Record, error) {
	s, done, err := t.read("list " + q.Kind + " " + q.Key + q.Prefix)
	if err != nil {
		return nil, err
	}
	defer done()
	var list []driver.Record
	add := func(r driver.Record) {
		if selects(q, r) {
			list = append(list, r)
		}
	}
	if q.Key != "" {
		if r, ok := t.record(s, q.Kind, q.Key); ok {
			add(r)
		}
		return list, nil
	}
	for key, r := range s.records[q.Kind] {
		if _, changed := t.records[[2]string{q.Kind, key}]; !changed {
			add(r)
		}
	}
	for key, r := range t.records {
		if key[0] == q.Kind && r.State != "" {
			add(r)
		}
	}
	slices.SortFunc(list, func(a, b driver.Record) int {
		if c := a.Due.Compare(b.Due); !q.DueBy.IsZero() && c != 0 {
			return c
		}
		if q.Newest {
			return strings.Compare(b.Key, a.Key)
		}
		return strings.Compare(a.Key, b.Key)
	})
	if q.Limit > 0 && len(list) > q.Limit {
		list = list[:q.Limit]
	}
	return list, nil
}

// selects says whether a query selects a record of its kind, and of its key if it has
// one.
func selects(q driver.Query, r driver.Record) bool {
	after := q.After == "" || r.Key > q.After
	if q.Newest {
		after = q.After == "" || r.Key < q.After
	}
	return after && strings.HasPrefix(r.Key, q.Prefix) &&
		(len(q.States) == 0 || slices.Contains(q.States, r.State)) &&
		(q.DueBy.IsZero() || !r.Due.IsZero() && !r.Due.After(q.DueBy))
}
