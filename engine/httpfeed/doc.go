// Package httpfeed carries a log to followers in other processes, as http-feeds.org
// describes it: a reader asks GET /order/feed?lastEventId=ID&timeout=MS, again and
// again, and is answered a JSON array of CloudEvents that follow that id. While there
// is none, the answer waits up to the timeout and is then an empty array.
//
// [Handler] serves a log; any HTTP client can read it. [New] returns a [Feed], the
// log as a follow.Follower reads it. It names the follower, so that the log holds
// back what that has not committed: its lastEventId is the committed position, and
// after is where it reads on.
//
// The database's log stays the truth: a feed keeps nothing. A position that was
// trimmed, lies in a past that was undone, or never was, is answered 410 with the
// low-water mark; nothing restarts or skips by itself. docs/formats/feed.md is the
// contract on the wire.
package httpfeed

// The names of the headers of an answer.
const (
	// HeaderLog is the log's name: "order/outbox".
	HeaderLog = "Bailiwick-Log"
	// HeaderThrough is the position up to which the answer tells all there is, as
	// EPOCH.SEQ. It can lie beyond the last event, where messages were removed or
	// left out.
	HeaderThrough = "Bailiwick-Through"
	// HeaderHead is the seq of the log's last message.
	HeaderHead = "Bailiwick-Head"
	// HeaderLow is the low-water mark: messages up to this seq may be missing.
	HeaderLow = "Bailiwick-Low"
	// HeaderEpochs lists the log's incarnations, oldest first, each with the seq
	// after which it began: "1.0,2.5710".
	HeaderEpochs = "Bailiwick-Epochs"
	// HeaderLeftOut is how many messages up to HeaderThrough were left out because
	// they are of other types than the reader asked for.
	HeaderLeftOut = "Bailiwick-Left-Out"
)

// MediaType is that of an answer.
const MediaType = "application/cloudevents-batch+json"
