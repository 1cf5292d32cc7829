// Package trace makes a [disk.Tape] of what strace saw a process ask of the
// operating system. What lies between a program and the kernel is left as it is.
//
// A call is on the tape where it matters in the worst case: a write where it
// begins, because from there on it may reach the disk; a sync where it has returned,
// and it covers only what came before it began. Calls that could change the
// directory in a way that the tape has no word for are an error, not overlooked.
package trace
