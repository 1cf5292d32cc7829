// Package memory is a stand-in for an engine, for tests that do to a database what no
// real one does at a test's word: break it at a commit, hold it up between two
// statements, kill its owner, put it back to what it was. It keeps what package
// store/driver promises, and storetest says so, but nothing outlives the process and
// nothing is fast: it is for no product, and no URL leads to it.
//
// A [Disk] is what survives: owners open it, one or several, and are closed or killed.
// It comes in the two kinds that engines are of. One has a single writer and gives a
// message its place at commit, as SQLite does. The other has many: statements see what
// was committed before them, rows are locked until their transaction ends, and
// messages get their places after commit, by what became visible since the last time,
// as on PostgreSQL.
package memory
