package mutation

import "github.com/bailiwick/bailiwick/internal/proof"

// A Row says who notices that a promise is off.
type Row struct {
	Promise proof.Promise
	// Without says what happens without it.
	Without string
	// Simulation says that the schedules of package simulation find it.
	Simulation bool
	// Campaign is the engine on whose databases the campaign of package torture finds
	// it: "sqlite", "postgres", or "" where it cannot be seen from outside.
	Campaign string
	// Suite is a test that goes red, as "package: Test/case": one that states the
	// promise itself. Others may fail with it.
	Suite string
}

// Table has a row for each promise, in the order of [proof.Promises].
func Table() []Row {
	return []Row{
		{proof.Atomicity, "messages are committed after their change, apart from it", true, "sqlite",
			"engine/sqlite: TestConformance/Transaction/ChangeAndMessagesCommitTogether"},
		{proof.Dedup, "a follower commits its position after the effects, apart from them", true, "sqlite",
			"follow: TestCrashAtEachCommit"},
		{proof.Holes, "a batch with a hole is believed at once", true, "",
			"follow: TestHoles"},
		{proof.Fencing, "who was overtaken while it was away moves its position all the same", true, "",
			"engine/sqlite: TestConformance/Position/LowerTermIsFenced"},
		{proof.Epochs, "a log with another past is followed on", true, "",
			"engine/httpfeed: TestFork"},
		{proof.Lanes, "after a restart all lanes go on where the furthest stood", true, "",
			"follow: TestEachLaneGoesOnWhereItStood"},
		{proof.Queueing, "later messages of a parked key overtake it", true, "sqlite",
			"follow: TestPoisonParksItsKeyAlone"},
		{proof.Barrier, "a repeated command or request has its effect again", true, "sqlite",
			"saga: TestRepeatsChangeNothing"},
		{proof.Replies, "of a repeated command or request it is known that it came, not what was answered", true, "sqlite",
			"saga: TestLostRefusalTakesNothingBack"},
		{proof.Reverse, "a saga's steps are taken back first to last", true, "",
			"saga: TestRefusalCompensatesInReverse"},
		{proof.CommitOrder, "messages get their places by id, past those that are not committed yet", true, "postgres",
			"engine/postgres: TestConformance/Stamping/SmallerIDCommitsLater"},
		{proof.Autocommit, "a group that shares a commit does not notice that its transaction is gone", false, "sqlite",
			"engine/sqlite: TestGroupMembersAreIsolated"},
	}
}
