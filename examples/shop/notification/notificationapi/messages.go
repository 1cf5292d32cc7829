// Package notificationapi is what other services may know of the notification
// service: the command it answers, its HTTP answers, and a client.
package notificationapi

// Version is the schema version of all messages in this package.
const Version = 1

// Send tells a customer of a document. It is a message type in the log of the
// service that asks, its data is a [Notification], and it answers with an empty
// object. It is never refused.
const Send = "notification.send"

// The kinds of notices.
const (
	// Confirmation: the order was accepted. Sent on command.
	Confirmation = "confirmation"
	// ReturnAccepted: the return was accepted and refunded. Sent on command.
	ReturnAccepted = "return-accepted"
	// Rejection: the order was refused. Sent because the order service said so in
	// an event; nobody commands it.
	Rejection = "rejection"
)

// Notification is what a customer has to be told.
type Notification struct {
	// Document is the id of the order or return.
	Document string `json:"document"`
	// Customer is empty for a guest.
	Customer string `json:"customer,omitempty"`
	// Kind is [Confirmation] or [ReturnAccepted].
	Kind string `json:"kind"`
}
