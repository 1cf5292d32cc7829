package orderapi

// The message types of the log "order/outbox", besides the commands of its sagas.
// Their key is the account key: the customer's id or, for a guest, the id of the
// document.
const (
	// OrderConfirmed carries a [Confirmed].
	OrderConfirmed = "order.confirmed"
	// OrderRejected carries a [Rejected].
	OrderRejected = "order.rejected"
)

// Version is the schema version of all messages in this package.
const Version = 1

// Confirmed tells that an order was decided for good: what was reserved is sold.
type Confirmed struct {
	// Document is the id of the order.
	Document string `json:"document"`
	// Goods says that it holds at least one line of goods, not only fees.
	Goods bool `json:"goods"`
}

// Rejected tells that an order was refused, when all that had been done for it is
// taken back.
type Rejected struct {
	// Document is the id of the order.
	Document string `json:"document"`
	// Customer is who ordered; "" for a guest.
	Customer string `json:"customer,omitempty"`
	// Reason is for programs: "out-of-stock"; see the reasons in this package.
	Reason string `json:"reason"`
}
