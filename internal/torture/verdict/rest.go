package verdict

import "github.com/bailiwick/bailiwick/internal/torture/bank"

// sagasEnded: no saga is left; order lists those that are. What was checked are the
// transfers, each of which is a saga.
func sagasEnded(b *books, r *Result) {
	r.Checked = len(b.state.Transfers)
	for _, s := range b.state.Sagas {
		r.hold(false, "saga %s is %s: %s", s.ID, s.Status, s.Reason)
	}
	for _, t := range b.state.Transfers {
		if t.Status != bank.Done && t.Status != bank.Rejected {
			r.hold(false, "transfer %s is %s", t.ID, t.Status)
		}
	}
}

// followersAtHead: every message has its place in its log, and whoever follows a log has
// seen all of it, and no more.
func followersAtHead(b *books, r *Result) {
	for _, l := range b.state.Logs {
		for _, name := range sorted(l.Followers) {
			r.hold(l.Followers[name] == l.Head, "%s stands at %d in %s, whose head is %d", name, l.Followers[name], l.Name, l.Head)
		}
		if l.Staged != 0 {
			r.hold(false, "%d messages of %s have no place in it yet", l.Staged, l.Name)
		}
	}
}

// nothingParked: no service has set a message aside. What was checked are the followers
// that may have done so.
func nothingParked(b *books, r *Result) {
	for _, l := range b.state.Logs {
		r.Checked += len(l.Followers)
	}
	if b.state.Parked != 0 {
		r.hold(false, "%d keys are parked", b.state.Parked)
	}
}
