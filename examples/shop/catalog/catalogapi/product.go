package catalogapi

// MaxImport is the most products that one import holds.
const MaxImport = 1000

// The kinds of products.
const (
	// Goods lie in stock and are delivered.
	Goods = "goods"
	// Fee is a charge: postage, a discount, a manual correction. It has no stock.
	Fee = "fee"
)

// Product is something that stands on an invoice.
type Product struct {
	// Code names the product. Case matters: "15056BL" and "15056bl" are two.
	Code string `json:"code" minLength:"1" maxLength:"64" doc:"Name of the product; case matters."`
	// Description is for people; it may be empty.
	Description string `json:"description" required:"false" maxLength:"500"`
	// Kind is goods or fee.
	Kind string `json:"kind" enum:"goods,fee"`
	// Price is the list price in thousandths. Orders state their own prices.
	Price int64 `json:"price" minimum:"0" doc:"List price in thousandths; orders state their own."`
	// Currency is the ISO 4217 code of the price.
	Currency string `json:"currency" enum:"GBP"`
}

// Details is a product without the code, which stands in the path of PUT
// /products/{code}.
type Details struct {
	Description string `json:"description" required:"false" maxLength:"500"`
	Kind        string `json:"kind" enum:"goods,fee"`
	Price       int64  `json:"price" minimum:"0" doc:"List price in thousandths; orders state their own."`
	Currency    string `json:"currency" enum:"GBP"`
}

// Import lists products together, all or none, on POST /products/import.
type Import struct {
	Products []Product `json:"products" nullable:"false" minItems:"1" maxItems:"1000"`
}

// Imported is what came of an import.
type Imported struct {
	// Products is how many it held.
	Products int `json:"products"`
	// Changed is how many of them were new or different.
	Changed int `json:"changed"`
}

// Page is a page of products, ordered by code. The last code is the after of the
// next page.
type Page struct {
	Products []Product `json:"products"`
}

// Report is what GET /report answers.
type Report struct {
	// Goods and Fees are how many products there are of each kind.
	Goods int64 `json:"goods"`
	Fees  int64 `json:"fees"`
}
