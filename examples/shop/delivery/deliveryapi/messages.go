// Package deliveryapi is what other services may know of the delivery service: the
// command it answers, its HTTP answers, and a client.
package deliveryapi

// Version is the schema version of all messages in this package.
const Version = 1

// Schedule plans the delivery of an order's goods. It is a message type in the
// log of the service that asks, its data is a [Consignment], and it answers with an
// empty object. It is never refused: it comes after the point
// from which an order goes on until it is done.
const Schedule = "delivery.schedule"

// Consignment is what has to be delivered.
type Consignment struct {
	// Document is the order's id.
	Document string `json:"document"`
	// Customer is empty for a guest.
	Customer string `json:"customer,omitempty"`
	Country  string `json:"country"`
	// Items is the number of units, over all lines.
	Items int64 `json:"items"`
}
