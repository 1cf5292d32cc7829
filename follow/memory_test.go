package follow_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/driver"
)

// A disk is a database in memory that survives its owners. It breaks on demand,
// and can be shared by several owners, which no real engine does at a test's word.
type disk struct {
	shared bool
	// notices says that a lease is free once whoever took it has closed the disk.
	notices bool
	mu      sync.Mutex
	state   state
	takers  map[string]*handle // of leases
	// fault, if set, is asked at each commit: before keeps it from happening,
	// after lets it happen and hides that.
	fault func() (before, after error)
}

type lanePos struct {
	follower string
	lane     int
}

type state struct {
	log       []bailiwick.Message
	epoch     int64
	low       int64
	positions map[lanePos]driver.Position
	records   map[[2]string]driver.Record
	claims    map[[2]string]driver.Claim
	leases    map[string]driver.Lease
}

func newDisk() *disk {
	return &disk{takers: map[string]*handle{}, state: state{epoch: 1, positions: map[lanePos]driver.Position{}, records: map[[2]string]driver.Record{},
		claims: map[[2]string]driver.Claim{}, leases: map[string]driver.Lease{}}}
}

func (s state) clone() state {
	s.log = slices.Clip(s.log)
	s.positions, s.records, s.claims, s.leases = maps.Clone(s.positions), maps.Clone(s.records), maps.Clone(s.claims), maps.Clone(s.leases)
	return s
}

// open returns a database on the disk, as a process that starts would.
func (d *disk) open(owner string, opts store.Options) *store.DB {
	return store.New(&handle{disk: d, name: store.LogName(owner)}, owner, opts)
}

// breakWith has commits fail as fault says; nil mends it.
func (d *disk) breakWith(fault func() (before, after error)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = fault
}

// handle is one owner's driver.
type handle struct {
	disk     *disk
	name     string
	closed   bool
	onCommit func([]bailiwick.Message)
}

func (h *handle) Capabilities() driver.Capabilities {
	return driver.Capabilities{Engine: "memory", Shared: h.disk.shared}
}

func (h *handle) ready(ctx context.Context) error {
	if h.closed {
		return &bailiwick.Error{Code: bailiwick.Closed, Op: "memory", Err: errors.New("closed")}
	}
	return ctx.Err()
}

func (h *handle) Do(ctx context.Context, fn func(driver.Tx) error) error {
	d := h.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := h.ready(ctx); err != nil {
		return err
	}
	tx := &memoryTx{state: d.state.clone(), handle: h}
	if err := fn(tx); err != nil {
		return err
	}
	var after error
	if d.fault != nil {
		var before error
		if before, after = d.fault(); before != nil {
			return before
		}
	}
	n := len(d.state.log)
	d.state = tx.state
	if appended := d.state.log[n:]; len(appended) > 0 {
		h.onCommit(slices.Clone(appended))
	}
	return after
}

func (h *handle) Read(ctx context.Context, fn func(driver.Tx) error) error {
	d := h.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := h.ready(ctx); err != nil {
		return err
	}
	return fn(&memoryTx{state: d.state.clone(), handle: h})
}

func (h *handle) Stamp(context.Context, int64, int) ([]bailiwick.Message, error) { return nil, nil }

func (h *handle) ReadLog(ctx context.Context, after int64, limit int) (list []bailiwick.Message, err error) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	for _, m := range h.disk.state.log {
		if m.Seq > after && m.Seq > h.disk.state.low && len(list) < limit {
			list = append(list, m)
		}
	}
	return list, h.ready(ctx)
}

func (h *handle) LogState(ctx context.Context) (driver.LogState, error) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	s := h.disk.state
	return driver.LogState{Name: h.name, Epoch: s.epoch, Head: int64(len(s.log)), Low: s.low, History: []bailiwick.Fork{{Epoch: s.epoch}}}, h.ready(ctx)
}

func (h *handle) Trim(_ context.Context, t driver.Trim) (bool, error) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	h.disk.state.low = max(h.disk.state.low, t.UpTo)
	return false, nil
}

func (h *handle) Lease(ctx context.Context, name, holder string, ttl time.Duration) (driver.Lease, error) {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	if err := h.ready(ctx); err != nil {
		return driver.Lease{}, err
	}
	now := time.Now()
	lease := h.disk.state.leases[name]
	taker := h.disk.takers[name]
	gone := h.disk.notices && taker != nil && taker.closed
	if lease.Holder != holder && now.Before(lease.Until) && !gone {
		return lease, nil
	}
	if lease.Holder != holder || !now.Before(lease.Until) {
		lease.Term++
	}
	lease.Name, lease.Holder, lease.Until = name, holder, now.Add(ttl)
	h.disk.state.leases[name], h.disk.takers[name] = lease, h
	lease.Held = ttl > 0
	return lease, nil
}

func (h *handle) OnCommit(fn func([]bailiwick.Message)) { h.onCommit = fn }
func (h *handle) Stats() driver.Stats                   { return driver.Stats{} }

func (h *handle) Close() error {
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	h.closed = true
	return nil
}

type memoryTx struct {
	state  state
	handle *handle
}

func (tx *memoryTx) Append(msgs []bailiwick.Message) error {
	for _, m := range msgs {
		m.Log, m.Epoch, m.Seq = tx.handle.name, tx.state.epoch, int64(len(tx.state.log))+1
		tx.state.log = append(tx.state.log, m)
	}
	return nil
}

func (tx *memoryTx) Position(follower string, lane int) (driver.Position, bool, error) {
	p, ok := tx.state.positions[lanePos{follower, lane}]
	return p, ok, nil
}

func (tx *memoryTx) Positions() ([]driver.Position, error) {
	return slices.SortedFunc(maps.Values(tx.state.positions), func(a, b driver.Position) int {
		return cmp.Or(strings.Compare(a.Follower, b.Follower), a.Lane-b.Lane)
	}), nil
}

func (tx *memoryTx) Move(from bailiwick.Position, to driver.Position) error {
	key := lanePos{to.Follower, to.Lane}
	row, ok := tx.state.positions[key]
	if row.Position != from || ok && from == (bailiwick.Position{}) || row.Term > to.Term {
		return &bailiwick.Error{Code: bailiwick.Stale, Op: "memory: move"}
	}
	tx.state.positions[key] = to
	return nil
}

func (tx *memoryTx) Claim(scope, key string, hash []byte) (driver.Claim, bool, error) {
	if c, ok := tx.state.claims[[2]string{scope, key}]; ok {
		return c, false, nil
	}
	c := driver.Claim{Hash: hash}
	tx.state.claims[[2]string{scope, key}] = c
	return c, true, nil
}

func (tx *memoryTx) Answer(scope, key string, reply []byte) error {
	c := tx.state.claims[[2]string{scope, key}]
	c.Reply = reply
	tx.state.claims[[2]string{scope, key}] = c
	return nil
}

func (tx *memoryTx) Put(r driver.Record) error {
	key := [2]string{r.Kind, r.Key}
	if tx.state.records[key].Version != r.Version {
		return &bailiwick.Error{Code: bailiwick.Conflict, Op: "memory: put " + r.Key}
	}
	if r.State == "" {
		delete(tx.state.records, key)
		return nil
	}
	r.Version++
	tx.state.records[key] = r
	return nil
}

func (tx *memoryTx) List(q driver.Query) (list []driver.Record, err error) {
	for _, r := range tx.state.records {
		if r.Kind == q.Kind && (q.Key == "" || r.Key == q.Key) && strings.HasPrefix(r.Key, q.Prefix) && (q.After == "" || r.Key > q.After) &&
			(len(q.States) == 0 || slices.Contains(q.States, r.State)) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b driver.Record) int { return strings.Compare(a.Key, b.Key) })
	if q.Limit > 0 && len(list) > q.Limit {
		list = list[:q.Limit]
	}
	return list, nil
}

func (tx *memoryTx) Lock(string) error { return nil }

func (tx *memoryTx) Savepoint(fn func() error) error {
	before := tx.state.clone()
	err := fn()
	if err != nil {
		tx.state = before
	}
	return err
}

func (tx *memoryTx) SQL() driver.SQL { return nil }
