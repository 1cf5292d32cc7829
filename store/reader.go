package store

// Reader returns the log as somebody reads it who is not registered: nothing is
// held back for him, so a position that he left for long may be gone. types are
// those he cares for; where retention keeps all of them, he may begin at any time.
func (l *Log) Reader(types ...string) *Feed {
	return &Feed{log: l, who: Subscriber{Types: types}, kept: l.db.opts.Retention.keeps(types)}
}

// Known returns the log's incarnation and bounds as far as this process knows them,
// without asking the database; ok is false before anything was read.
func (l *Log) Known() (state LogState, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state, l.known
}
