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

// followersAtHead: whoever follows a log has seen all of it, and no more.
func followersAtHead(b *books, r *Result) {
	heads := map[string]int64{}
	for _, l := range b.state.Logs {
		heads[l.Name] = l.Head
	}
	for _, l := range b.state.Logs {
		for _, name := range sorted(l.Followers) {
			head, exists := heads[name]
			r.hold(exists && l.Followers[name] == head, "the service of %s stands at %d in %s, whose head is %d (there is such a log: %v)", l.Name, l.Followers[name], name, head, exists)
		}
	}
}

// nothingParked: no service has set a message aside. What was checked are the logs
// that are followed.
func nothingParked(b *books, r *Result) {
	for _, l := range b.state.Logs {
		r.Checked += len(l.Followers)
	}
	if b.state.Parked != 0 {
		r.hold(false, "%d keys are parked", b.state.Parked)
	}
}
