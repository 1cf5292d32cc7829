// Package disk is a disk that can lose its power.
//
// A [Tape] takes down, in their order, what a program asks of the files of one
// directory: writes, truncations, syncs, files that come and go; and what it tells
// the world meanwhile. Played to a [Disk], the tape gives the state at every moment
// of the run: what is durable, and what is only in memory. From there the power may
// be cut: [Disk.PowerCut] keeps all that was synced and, of the rest, what chance
// wants.
//
// The disk promises no more than POSIX and SQLite's own assumptions do. A sync of a
// file makes its content and length durable, but not its name. A sync of the
// directory makes names durable. What was not synced survives in any selection and
// in pieces of a sector, whatever the order it was written in.
package disk
