package deliveryapi

import "time"

// Scheduled is the state of a delivery that is planned, the one state there is
// until somebody drives.
const Scheduled = "scheduled"

// Delivery is a planned delivery.
type Delivery struct {
	// Document is the order's id.
	Document string `json:"document"`
	// Customer is empty for a guest.
	Customer string `json:"customer,omitempty" doc:"Absent for a guest."`
	Country  string `json:"country"`
	// Items is the number of units.
	Items int64  `json:"items" doc:"Number of units, over all lines."`
	State string `json:"state" enum:"scheduled"`
	// At is when it was planned.
	At time.Time `json:"at"`
}

// Page is a page of deliveries, ordered by document. The last document is the
// after of the next page.
type Page struct {
	Deliveries []Delivery `json:"deliveries"`
}

// Report is what GET /report answers: figures of all deliveries at one moment.
type Report struct {
	// At is when they were taken.
	At time.Time `json:"at"`
	// Deliveries is how many there are.
	Deliveries int64 `json:"deliveries"`
	// Items is the number of units in all of them.
	Items int64 `json:"items"`
	// Countries are the figures of each country, ordered by name.
	Countries []Country `json:"countries"`
}

// Country is the figures of one country.
type Country struct {
	Country    string `json:"country"`
	Deliveries int64  `json:"deliveries"`
	Items      int64  `json:"items"`
}
