package saga

import (
	"errors"
	"fmt"
)

// A Rejection is a participant's considered no: the business refuses. It is an
// answer, stored and repeated like a success, and the opposite of an error, of
// which nobody knows whether it will pass.
type Rejection struct {
	// Reason is for programs: "out-of-stock".
	Reason string `json:"reason"`
	// Detail is for people.
	Detail string `json:"detail,omitempty"`
}

// Error returns "rejected: reason: detail".
func (r Rejection) Error() string {
	if r.Detail == "" {
		return "rejected: " + r.Reason
	}
	return "rejected: " + r.Reason + ": " + r.Detail
}

// Refusal returns the reason. It marks an error that is an answer and no fault:
// inbox.HandleHTTP tells it to the caller.
func (r Rejection) Refusal() (reason string) { return r.Reason }

// Reject returns a [Rejection] as an error, for handlers to return.
func Reject(reason, format string, args ...any) error {
	return Rejection{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// asRejection finds a rejection in an error's chain.
func asRejection(err error) (Rejection, bool) {
	var r Rejection
	ok := errors.As(err, &r)
	return r, ok
}
