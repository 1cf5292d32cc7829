package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// maxBody bounds what is read of an operation or its answer, in bytes.
const maxBody = 1 << 20

// reply is an answer on the wire: what was done, or an error by its parts.
type reply struct {
	Done  string         `json:"done,omitempty"`
	Code  bailiwick.Code `json:"code,omitempty"`
	Error string         `json:"error,omitempty"`
}

// Handler does operations on the databases that this process owns: POST / with an
// [Operation] as JSON. Whoever reaches it may do anything to them, so it belongs
// on a unix socket that only the owner's user can open, never on a network.
func Handler(dbs ...*store.DB) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{$}", func(w http.ResponseWriter, r *http.Request) {
		done, err := perform(r, dbs)
		answer := reply{Done: done}
		if err != nil {
			answer = reply{Code: bailiwick.CodeOf(err), Error: err.Error()}
			w.WriteHeader(http.StatusConflict)
		}
		_ = json.NewEncoder(w).Encode(answer) // whoever asked may have gone
	})
	return mux
}

func perform(r *http.Request, dbs []*store.DB) (done string, err error) {
	var o Operation
	body := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxBody))
	body.DisallowUnknownFields()
	if err := body.Decode(&o); err != nil {
		return "", &bailiwick.Error{Code: bailiwick.Invalid, Op: "admin: read", Err: err, Do: "use a program of the same version"}
	}
	for _, db := range dbs {
		if db.Owner() == o.Service {
			if done, err = o.Apply(r.Context(), db); err == nil {
				db.Logger().Info("an operator intervened", "service", o.Service, "action", string(o.Action), "done", done, "reason", o.Reason)
			}
			return done, err
		}
	}
	return "", &bailiwick.Error{Code: bailiwick.NotFound, Op: "admin: " + string(o.Action), Err: fmt.Errorf("no service %q runs here", o.Service)}
}

// Send has the process that serves [Handler] on a unix socket do an operation. An
// error has the code that it has there; [bailiwick.Unavailable] means that nobody
// answered.
func Send(ctx context.Context, socket string, o Operation) (done string, err error) {
	body, err := json.Marshal(o)
	if err != nil {
		return "", &bailiwick.Error{Code: bailiwick.Internal, Op: "admin: send", Err: err}
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://owner/", bytes.NewReader(body))
	if err != nil {
		return "", &bailiwick.Error{Code: bailiwick.Internal, Op: "admin: send", Err: err}
	}
	var answer reply
	response, err := transport.RoundTrip(request)
	if err == nil {
		defer response.Body.Close()
		err = json.NewDecoder(io.LimitReader(response.Body, maxBody)).Decode(&answer)
	}
	if err != nil {
		return "", &bailiwick.Error{Code: bailiwick.Unavailable, Op: "admin: send", Err: err,
			Do: "see whether the owner still runs, then try again"}
	}
	if answer.Code != "" {
		return "", &remote{code: answer.Code, text: answer.Error}
	}
	return answer.Done, nil
}

// remote is an error as the owner told it: its text is whole already.
type remote struct {
	code bailiwick.Code
	text string
}

func (e *remote) Error() string { return e.text }

// Unwrap lets [bailiwick.CodeOf] find the code.
func (e *remote) Unwrap() error { return &bailiwick.Error{Code: e.code, Err: errors.New(e.text)} }
