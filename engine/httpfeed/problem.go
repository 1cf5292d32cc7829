package httpfeed

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// problem is an answer that is no batch, as RFC 9457 has it. Low is the position
// from which the log can be read, where the reader's is gone.
type problem struct {
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail,omitempty"`
	Code   bailiwick.Code `json:"code"`
	Low    string         `json:"low,omitempty"`
}

var errBusy = errors.New("too many readers wait already")

func refuse(w http.ResponseWriter, p problem) {
	p.Title = http.StatusText(p.Status)
	body, _ := json.Marshal(p) // cannot fail: plain fields
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "1")
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(patience))
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // whoever asked may have gone
}

// fail answers what went wrong. What the database said stays here: it is not the
// reader's to mend.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	code := bailiwick.CodeOf(err)
	switch {
	case r.Context().Err() != nil:
		return // the reader has gone
	case errors.Is(err, errBusy):
		refuse(w, problem{Status: http.StatusTooManyRequests, Code: bailiwick.Unavailable, Detail: err.Error()})
	case code == bailiwick.Gone || code == bailiwick.Forked:
		s.gone(r.Context(), w, code, err)
	case code == bailiwick.Invalid:
		refuse(w, problem{Status: http.StatusBadRequest, Code: code, Detail: err.Error()})
	default:
		s.describe(w.Header())
		refuse(w, problem{Status: http.StatusServiceUnavailable, Code: bailiwick.Unavailable, Detail: "the log cannot be read now"})
	}
}

// gone answers 410 with the low-water mark.
func (s *server) gone(ctx context.Context, w http.ResponseWriter, code bailiwick.Code, err error) {
	p := problem{Status: http.StatusGone, Code: code, Detail: err.Error()}
	state, ok := s.log.Known()
	if !ok {
		var unread error
		state, unread = s.log.State(ctx)
		ok = unread == nil
	}
	if ok {
		var trimmed *store.GoneError
		if errors.As(err, &trimmed) {
			state.Low = trimmed.Low
		}
		p.Low = string(appendPosition(nil, bailiwick.Position{Epoch: state.EpochAt(state.Low), Seq: state.Low}))
	}
	s.describe(w.Header())
	refuse(w, p)
}
