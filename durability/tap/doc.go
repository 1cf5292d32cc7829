// Package tap takes down on a [disk.Tape] what SQLite asks of the files of a
// directory. It stands between the SQLite that this project uses and that
// library's own access to the operating system, as the default VFS of the process:
// whoever opens a database in a directory that is recorded, by whatever code, is
// recorded.
//
// Everything goes on to the operating system, but for syncs: those the tape takes
// at their word.
package tap
