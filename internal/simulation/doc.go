// Package simulation runs services, with their logs, followers, sagas and inboxes, in
// one process, on databases in memory, in a time of its own and over a network that
// does what networks do. Who goes on is drawn from a seed, one decision after another,
// and so is what goes wrong: processes are killed and stopped or stand still, commits
// fail or do not tell whether they did, answers are lost, have holes and come in
// another order, clocks jump, disks are put back to an older copy.
//
// Every simulation ends by mending everything and running to rest; then what each
// service has written is held against what was asked. A seed that fails is told with
// the decisions that led there, and fails again whenever it is run.
package simulation
