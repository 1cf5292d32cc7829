// Package bailiwick keeps services that each own a database in step.
//
// A bailiwick is the area in which one alone has authority. Every service keeps
// its own database; every database has a log of messages; everything else
// follows a log. This package holds the words that all the others share: the
// [Message] and its [ID], the [Position] of a follower in a log, the [Error]
// with its [Code], and the [Clock] that time comes from. It imports the standard
// library only, and a test keeps it that way.
//
// Where to go from here:
//
//   - package store: the one database that a service owns, and its log
//   - package outbox: publish messages in the transaction of the change they tell of
//   - package follow: apply another service's log, exactly once, in order
//   - package inbox: typed handlers, and idempotent requests
//   - package saga: changes across services that end done, taken back, or parked
//   - packages engine/sqlite and engine/postgres: where a store keeps its rows
//   - package service: runs the parts of a service, alone or with others
package bailiwick
