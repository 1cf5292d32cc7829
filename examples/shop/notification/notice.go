package notification

import (
	"fmt"
	"strings"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/notification/notificationapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
)

// commanded makes the notice that a command asks for. A rejection is told because
// of an event; asking for one is a mistake of the sender.
func commanded(n notificationapi.Notification, now time.Time) (notificationapi.Notice, error) {
	var text string
	switch n.Kind {
	case notificationapi.Confirmation:
		text = "Your order " + n.Document + " is confirmed."
	case notificationapi.ReturnAccepted:
		text = "Your return " + n.Document + " is accepted and refunded."
	default:
		return notificationapi.Notice{}, &bailiwick.Error{Code: bailiwick.Invalid, Op: "notification: send " + n.Document,
			Err: fmt.Errorf("there is no notice of kind %q", n.Kind), Do: "correct the sender, then discard or replay the parked key"}
	}
	return notice(n.Document, n.Kind, n.Customer, text, now), nil
}

// ofRejection makes the notice of a refused order.
func ofRejection(r orderapi.Rejected, now time.Time) notificationapi.Notice {
	text := "Your order " + r.Document + " was refused: " + strings.ReplaceAll(r.Reason, "-", " ") + "."
	return notice(r.Document, notificationapi.Rejection, r.Customer, text, now)
}

func notice(document, kind, customer, text string, now time.Time) notificationapi.Notice {
	return notificationapi.Notice{
		ID:       document + "/" + kind,
		Document: document,
		Kind:     kind,
		Customer: customer,
		Text:     text,
		At:       now.UTC().Truncate(time.Millisecond),
	}
}

// place splits a notice's id, which a page begins after.
func place(id string) (document, kind string) {
	i := strings.LastIndexByte(id, '/')
	if i < 0 {
		return id, ""
	}
	return id[:i], id[i+1:]
}
