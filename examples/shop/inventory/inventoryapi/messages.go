// Package inventoryapi is what other services may know of the inventory service:
// the commands it answers, the reasons for which it refuses, its HTTP requests and
// answers, and a client.
package inventoryapi

// Version is the schema version of all messages in this package.
const Version = 1

// The commands, each a message type in the log of the service that asks. All of
// them answer with an empty object, or with a refusal.
const (
	// Reserve takes goods out of what is available for an order, all of its lines
	// or none. Its data is an [Order]. It is refused for [OutOfStock] and
	// [UnknownCode].
	Reserve = "inventory.reserve"
	// Release takes a reservation back. Its data is that of Reserve; what is put
	// back is what was recorded.
	Release = "inventory.release"
	// Adjust corrects what is available. Its data is an [Order] whose quantities
	// are signed. It is refused for [ExceedsStock] and [UnknownCode].
	Adjust = "inventory.adjust"
	// Restock puts returned goods back. Its data is an [Order]. It is never
	// refused.
	Restock = "inventory.restock"
)

// The reasons of refusals.
const (
	// OutOfStock: less is available than the order asks for.
	OutOfStock = "out-of-stock"
	// UnknownCode: the code is not one of a product that has a stock.
	UnknownCode = "unknown-code"
	// ExceedsStock: the adjustment would leave less than nothing.
	ExceedsStock = "exceeds-stock"
)

// Order is the data of every command: what is to happen to the stock on behalf of
// one document.
type Order struct {
	// Document is the id of the order, return or adjustment.
	Document string `json:"document"`
	// Lines may name a code several times; the quantities are added up.
	Lines []Line `json:"lines"`
}

// Line is a quantity of one product.
type Line struct {
	Code     string `json:"code" minLength:"1" maxLength:"64" doc:"The product's code; upper and lower case differ."`
	Quantity int64  `json:"quantity" minimum:"1" maximum:"1000000000" doc:"How many units."`
}
