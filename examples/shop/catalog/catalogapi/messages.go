package catalogapi

// ProductListed is the message type of the log "catalog/outbox" that carries a
// [Listed]. Its key is the product's code.
const ProductListed = "catalog.product-listed"

// Version is the schema version of all messages in this package.
const Version = 1

// Listed tells that a product is new or has changed; the latest one holds. The
// kind of a product never changes.
type Listed struct {
	Code        string `json:"code"`
	Description string `json:"description"`
	// Kind is [Goods] or [Fee].
	Kind string `json:"kind"`
	// Price is in thousandths.
	Price    int64  `json:"price"`
	Currency string `json:"currency"`
}
