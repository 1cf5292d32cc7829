package userapi

// UserRegistered is the message type of the log "user/outbox" that carries a
// [Registered]. Its key is the customer's id.
const UserRegistered = "user.registered"

// Version is the schema version of all messages in this package.
const Version = 1

// Registered tells that a customer is new or has changed; the latest one holds.
type Registered struct {
	ID      string `json:"id"`
	Country string `json:"country"`
	// CreditLimit is in thousandths; nil means without limit.
	CreditLimit *int64 `json:"credit_limit"`
	Currency    string `json:"currency"`
}
