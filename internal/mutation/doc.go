// Package mutation is the proof of the proof: each promise of this project is
// switched off, one at a time (package proof), and somebody has to notice. A checker
// that was never seen failing proves nothing.
//
// [Table] says who notices what, and docs/proof.md shows it. The tests of this
// package run what it claims, in a build with the tag proof: the services' campaign
// (package torture) and the suites; the simulation (package simulation) does so
// beside its own schedules.
//
//	BAILIWICK_TEST=full go test -tags proof ./internal/mutation
//
// A mutation that nobody notices fails, and so does a claim that is not kept.
package mutation
