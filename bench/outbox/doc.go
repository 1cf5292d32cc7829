// Package outbox measures what an outbox adds to the transaction that it joins, on
// PostgreSQL, in a service with its own *sql.DB:
//
//	cd bench && BAILIWICK_TEST=full go test -run '^$' -bench . -benchtime 2000x ./outbox
//
// Each client runs transactions of four kinds, one after another in an order that
// changes: without a message, with one, without one again, and with a row in a table
// that a service might make for messages by itself. "ratio" is the time of one with
// a message to that of one without; "control" is the time of the third to that of
// the first, which on a quiet machine is 1: a ratio that is no further from 1 than
// the control says nothing; "handmade" is that of the fourth to that of the first:
// what one more INSERT costs, whoever thought of it, and nobody reads. The log is
// kept, followed and trimmed all the while, in the same process and on the same
// server.
package outbox
