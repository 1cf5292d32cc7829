package notificationapi

import "time"

// Notice is something that a customer was told.
type Notice struct {
	// ID is "DOCUMENT/KIND".
	ID string `json:"id" doc:"DOCUMENT/KIND, what pages are ordered by."`
	// Document is the id of the order or return.
	Document string `json:"document"`
	// Kind is confirmation, return-accepted or rejection.
	Kind string `json:"kind" enum:"confirmation,return-accepted,rejection"`
	// Customer is empty for a guest.
	Customer string `json:"customer,omitempty" doc:"Absent for a guest."`
	// Text is what the customer reads.
	Text string `json:"text"`
	// At is when it was sent.
	At time.Time `json:"at"`
}

// Page is a page of notices, ordered by document and kind. The last id is the
// after of the next page.
type Page struct {
	Notices []Notice `json:"notices"`
}

// Report is what GET /report answers: how many notices of each kind there are.
type Report struct {
	// At is when they were counted.
	At              time.Time `json:"at"`
	Confirmations   int64     `json:"confirmations"`
	ReturnsAccepted int64     `json:"returns_accepted"`
	Rejections      int64     `json:"rejections"`
}
