package web

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/inbox"
)

// A Problem is a failed request as a problem detail of RFC 9457, with a code for
// programs. Services send it, and [Client] returns it as the error.
type Problem struct {
	Title  string              `json:"title"`
	Status int                 `json:"status"`
	Detail string              `json:"detail,omitempty"`
	Code   string              `json:"code"`
	Errors []*huma.ErrorDetail `json:"errors,omitempty"`

	cause error // what stays in the service, for its log
}

// NewProblem makes a problem with a status, a code for programs and a sentence for
// people.
func NewProblem(status int, code, detail string) *Problem {
	return &Problem{Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

// Error returns "code: detail".
func (p *Problem) Error() string {
	text := p.Code + ": " + p.Detail
	for _, e := range p.Errors {
		text += "; " + e.Error()
	}
	return text
}

// Unwrap returns the failure in the service, where the problem was made.
func (p *Problem) Unwrap() error { return p.cause }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType names the media type of problems.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// Fail turns an error into the problem to answer with: handlers return
// web.Fail(err). What the caller can mend is told in full; of a fault of the
// service only its code goes out, and the rest into the service's log. nil stays
// nil.
func Fail(err error) error {
	if err == nil {
		return nil
	}
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	code := bailiwick.CodeOf(err)
	status := inbox.StatusOf(&bailiwick.Error{Code: code}) // by the code alone: a row that is missing is a fault
	if status == http.StatusInternalServerError {
		code = bailiwick.Internal
	}
	p = NewProblem(status, string(code), err.Error())
	p.cause = err
	switch status {
	case http.StatusInternalServerError:
		p.Detail = "the service failed; its log says why"
	case http.StatusServiceUnavailable:
		p.Detail = "the service cannot do it now; try again with the same Idempotency-Key"
	}
	return p
}

// asProblem gives every error body the form of a [Problem]; huma calls it before
// it writes an answer.
func asProblem(ctx huma.Context, _ string, body any) (any, error) {
	gone := ctx.Context().Err() != nil // a client that left is no failure of ours
	switch e := body.(type) {
	case *Problem:
		if e.Status >= http.StatusInternalServerError && !gone {
			slog.ErrorContext(ctx.Context(), "request failed", "operation", ctx.Operation().OperationID, "code", e.Code, "error", bailiwick.Loggable(e.cause))
		}
	case *huma.ErrorModel:
		p := NewProblem(e.Status, string(bailiwick.Invalid), e.Detail)
		if e.Status >= http.StatusInternalServerError {
			slog.ErrorContext(ctx.Context(), "request failed", "operation", ctx.Operation().OperationID, "error", e)
			return NewProblem(e.Status, string(bailiwick.Internal), "the service failed; its log says why"), nil
		}
		for _, d := range e.Errors {
			if d.Location == "body" {
				d = &huma.ErrorDetail{Message: d.Message, Location: d.Location} // without echoing the whole body
			}
			p.Errors = append(p.Errors, d)
		}
		return p, nil
	}
	return body, nil
}

// noSuchPath answers where no operation is.
func noSuchPath(w http.ResponseWriter, r *http.Request) {
	p := NewProblem(http.StatusNotFound, string(bailiwick.NotFound), "there is no "+r.Method+" "+r.URL.Path)
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client may have gone
}
