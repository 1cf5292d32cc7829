package userapi

// MaxImport is the most customers that one import holds.
const MaxImport = 1000

// Customer is somebody who buys on account.
type Customer struct {
	// ID is the shop's number for the customer.
	ID string `json:"id" minLength:"1" maxLength:"64" doc:"The shop's number for the customer."`
	// Name is for people; it may be empty.
	Name string `json:"name,omitempty" maxLength:"200"`
	// Country is where the customer lives.
	Country string `json:"country" minLength:"1" maxLength:"100"`
	// CreditLimit is how much the customer may owe, in thousandths; nil means
	// without limit.
	CreditLimit *int64 `json:"credit_limit" required:"false" nullable:"true" minimum:"0" doc:"How much the customer may owe, in thousandths; null means without limit."`
	// Currency is the ISO 4217 code of the limit.
	Currency string `json:"currency" enum:"GBP"`
}

// Details is a customer without the id, which stands in the path of PUT
// /customers/{id}.
type Details struct {
	Name        string `json:"name,omitempty" maxLength:"200"`
	Country     string `json:"country" minLength:"1" maxLength:"100"`
	CreditLimit *int64 `json:"credit_limit" required:"false" nullable:"true" minimum:"0" doc:"How much the customer may owe, in thousandths; null means without limit."`
	Currency    string `json:"currency" enum:"GBP"`
}

// Import registers customers together, all or none, on POST /customers/import.
type Import struct {
	Customers []Customer `json:"customers" nullable:"false" minItems:"1" maxItems:"1000"`
}

// Imported is what came of an import.
type Imported struct {
	// Customers is how many it held.
	Customers int `json:"customers"`
	// Changed is how many of them were new or different.
	Changed int `json:"changed"`
}

// Report is what GET /report answers.
type Report struct {
	// Customers is how many there are.
	Customers int64 `json:"customers"`
	// Limited is how many of them have a credit limit.
	Limited int64 `json:"limited"`
	// CreditLimits is the sum of the limits, in thousandths.
	CreditLimits int64 `json:"credit_limits"`
}
