package saga

import "sync"

// memoryLimit bounds how many sagas are remembered; beyond it all are forgotten,
// and read again.
const memoryLimit = 4096

// memory remembers sagas between their steps, as they were committed, so that an
// answer need not read and decode them again. It is a guess: saving goes by
// compare-and-set of the version, so a saga that somebody else moved is found out,
// forgotten and read anew. Where several processes drive sagas that would be
// usual, and nothing is remembered.
type memory struct {
	mu    sync.Mutex
	sagas map[string]*remembered
}

type remembered struct {
	version int64
	in      *instance // nil while a transaction has it
}

// take returns a saga and leaves nothing in its place: whoever has it changes it,
// and its transaction may fail.
func (m *memory) take(id string) *instance {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.sagas[id]
	if r == nil {
		return nil
	}
	in := r.in
	r.in = nil
	return in
}

// keep remembers a saga as it was committed, unless a later state is known.
func (m *memory) keep(in *instance) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if in.status != Running && in.status != Compensating {
		delete(m.sagas, in.id) // ended, or a person's turn
		return
	}
	if r := m.sagas[in.id]; r != nil && r.version >= in.version {
		return
	}
	if m.sagas == nil || len(m.sagas) >= memoryLimit {
		m.sagas = map[string]*remembered{}
	}
	m.sagas[in.id] = &remembered{version: in.version, in: in}
}
