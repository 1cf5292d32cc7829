package nemesis

import "slices"

// A Kind names what a fault does.
type Kind string

// The kinds. Those of links hold for the traffic through a [Link] while the fault
// lasts.
const (
	Kill    Kind = "kill"    // a process gets SIGKILL, wherever it stands
	Point   Kind = "point"   // a process dies at a named point of its work; in a build with the tag "proof"
	Pause   Kind = "stop"    // a process gets SIGSTOP, and SIGCONT when others may have taken its place; on Unix
	Disk    Kind = "disk"    // what a process writes to files fails; on Linux
	Clock   Kind = "clock"   // a process's clock jumps an hour ahead, and back
	Restart Kind = "restart" // the databases' server is restarted at once, without a shutdown

	CutRequests Kind = "cut-requests" // what is sent does not arrive until the link is whole again
	CutAnswers  Kind = "cut-answers"  // what is answered does not arrive until the link is whole again
	Delay       Kind = "delay"        // everything takes up to a third of a second longer
	HalfClose   Kind = "half-close"   // answers end in the middle, properly
	Reset       Kind = "reset"        // connections are reset, some in the middle of an answer
	Lose        Kind = "lose"         // requests take effect and their answers are lost
	Late        Kind = "late"         // requests arrive when who sent them has given up
	Repeat      Kind = "repeat"       // requests arrive twice; the second answer counts
	Stale       Kind = "stale"        // a feed is answered as it was answered before
)

// Kinds returns all of them.
func Kinds() []Kind {
	return append([]Kind{Kill, Point, Pause, Disk, Clock, Restart}, Troubles()...)
}

// Troubles returns the kinds that befall links.
func Troubles() []Kind {
	return []Kind{CutRequests, CutAnswers, Delay, HalfClose, Reset, Lose, Late, Repeat, Stale}
}

// OfLinks reports whether the kind befalls links.
func (k Kind) OfLinks() bool { return slices.Contains(Troubles(), k) }

// weight says how often a kind is chosen, beside the others.
func (k Kind) weight() int {
	switch k {
	case Kill:
		return 9
	case Point:
		return 3
	case Pause:
		return 2
	}
	return 1
}
