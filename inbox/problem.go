package inbox

import (
	"database/sql"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/bailiwick/bailiwick"
)

// A refusal is an error that is an answer and no fault: its reason is for programs,
// its text for people. A saga's Rejection is one.
type refusal interface {
	error
	Refusal() (reason string)
}

// StatusOf returns the HTTP status that tells of an error: 409 for a saga's
// rejection, 404 for [sql.ErrNoRows]; else by its code, and 500 where that blames
// the service.
func StatusOf(err error) int {
	if err == nil {
		return http.StatusOK
	}
	var no refusal
	if errors.As(err, &no) {
		return http.StatusConflict
	}
	if errors.Is(err, sql.ErrNoRows) {
		return http.StatusNotFound
	}
	switch bailiwick.CodeOf(err) {
	case bailiwick.Invalid, bailiwick.KeyReused:
		return http.StatusUnprocessableEntity
	case bailiwick.NotFound:
		return http.StatusNotFound
	case bailiwick.Conflict:
		return http.StatusConflict
	case bailiwick.Gone:
		return http.StatusGone
	case bailiwick.Unsupported:
		return http.StatusNotImplemented
	case bailiwick.Unavailable, bailiwick.Unknown, bailiwick.Closed:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// A problem is a failed request, as RFC 9457 has it, with a code for programs.
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Code   string `json:"code"`
}

// refuse answers with the problem that err is.
func refuse(w http.ResponseWriter, r *http.Request, logger *slog.Logger, err error) {
	status := StatusOf(err)
	p := problem{Title: http.StatusText(status), Status: status, Detail: err.Error(), Code: string(bailiwick.CodeOf(err))}
	var no refusal
	switch {
	case errors.As(err, &no):
		p.Code = no.Refusal()
	case errors.Is(err, sql.ErrNoRows):
		p.Detail, p.Code = "there is no such thing", string(bailiwick.NotFound)
	case status == http.StatusServiceUnavailable:
		p.Detail = "the service cannot do it now; try again with the same " + keyHeader
	case status == http.StatusInternalServerError:
		p.Detail, p.Code = "the service failed; its log says why", string(bailiwick.Internal)
	}
	if status >= http.StatusInternalServerError && r.Context().Err() == nil { // a client that left is no failure of ours
		logger.ErrorContext(r.Context(), "a request failed", "method", r.Method, "path", r.URL.Path, "err", bailiwick.Loggable(err))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(p) // whoever asked may have gone
}
