// Package torture is a campaign against four services that move money (package bank):
// each in a process of its own, or in two, with a database of its own, while clients
// work with them and a nemesis breaks what can be broken. When it is over, everything
// is mended, and what the services then say of themselves is held against what the
// clients saw (package verdict).
//
// A campaign goes in rounds: a storm of faults, then a calm in which the running sums
// are compared and one process is killed with nothing else going on, to see how soon
// it serves again.
package torture
