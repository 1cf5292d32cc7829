package saga

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// plan is a definition without its type parameter: the state is a *S in an any.
type plan struct {
	name   string
	steps  []step
	pivot  int // index, or len(steps)-1 where no step is marked
	decode func(json.RawMessage) (any, error)
}

type step struct {
	name      string
	when      func(any) bool
	command   string
	undo      string
	request   func(*store.Tx, any) (any, error)
	reply     func(*store.Tx, any, []byte) error
	local     func(*store.Tx, any) error
	localUndo func(*store.Tx, any, Rejection) error
	timeout   time.Duration
	attempts  int
}

const (
	defaultTimeout  = 10 * time.Second
	maxTimeout      = 5 * time.Minute
	defaultAttempts = 8
)

// wait is how long attempt number n (from 1) waits for its answer.
func (s *step) wait(n int) time.Duration {
	d := s.timeout
	for i := 1; i < n && d < maxTimeout; i++ {
		d *= 2
	}
	return min(d, max(maxTimeout, s.timeout))
}

// named is what names of sagas and steps, and ids of sagas, may consist of: what
// joins them in keys is not among it.
var named = regexp.MustCompile(`^[A-Za-z0-9._-]{1,200}$`)

func newPlan[S any](def Definition[S]) (*plan, error) {
	bad := func(format string, args ...any) error {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: "saga: define " + def.Name, Err: fmt.Errorf(format, args...),
			Do: "correct the saga's definition"}
	}
	if !named.MatchString(def.Name) {
		return nil, bad("the name must consist of letters, digits, dot, dash and underscore")
	}
	if len(def.Steps) == 0 {
		return nil, bad("a saga has at least one step")
	}
	p := &plan{name: def.Name, pivot: len(def.Steps) - 1, decode: func(raw json.RawMessage) (any, error) {
		s := new(S)
		return s, json.Unmarshal(raw, s)
	}}
	seen := map[string]bool{}
	pivots := 0
	for i, st := range def.Steps {
		switch {
		case !named.MatchString(st.Name):
			return nil, bad("the name of step %d must consist of letters, digits, dot, dash and underscore", i+1)
		case seen[st.Name]:
			return nil, bad("two steps are named %q", st.Name)
		case (st.Command == "") == (st.Local == nil):
			return nil, bad("step %q must have either Command or Local", st.Name)
		case st.Command != "" && st.LocalUndo != nil, st.Local != nil && st.Undo != "":
			return nil, bad("step %q is taken back in another way than it is done", st.Name)
		case st.Pivot && st.When != nil:
			return nil, bad("step %q decides and cannot be left out", st.Name)
		case pivots > 0 && (st.Undo != "" || st.LocalUndo != nil):
			return nil, bad("step %q comes after the pivot and can never be taken back", st.Name)
		}
		seen[st.Name] = true
		if st.Pivot {
			pivots++
			p.pivot = i
		}
		p.steps = append(p.steps, erase(st))
	}
	if pivots > 1 {
		return nil, bad("%d steps are marked as the pivot", pivots)
	}
	return p, nil
}

func erase[S any](st Step[S]) step {
	out := step{name: st.Name, command: st.Command, undo: st.Undo, timeout: st.Timeout, attempts: st.Attempts}
	if out.timeout <= 0 {
		out.timeout = defaultTimeout
	}
	if out.attempts <= 0 {
		out.attempts = defaultAttempts
	}
	out.when = func(s any) bool { return st.When == nil || st.When(s.(*S)) }
	out.request = func(tx *store.Tx, s any) (any, error) {
		if st.Request == nil {
			return s, nil
		}
		return st.Request(tx, s.(*S))
	}
	if st.Reply != nil {
		out.reply = func(tx *store.Tx, s any, data []byte) error { return st.Reply(tx, s.(*S), data) }
	}
	if st.Local != nil {
		out.local = func(tx *store.Tx, s any) error { return st.Local(tx, s.(*S)) }
	}
	if st.LocalUndo != nil {
		out.localUndo = func(tx *store.Tx, s any, why Rejection) error { return st.LocalUndo(tx, s.(*S), why) }
	}
	return out
}

func (p *plan) index(name string) int {
	for i := range p.steps {
		if p.steps[i].name == name {
			return i
		}
	}
	return -1
}

var errNoStep = errors.New("the saga stands at a step that this program's definition does not have")
