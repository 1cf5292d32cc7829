package inbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

const (
	// keyHeader names a request, so that it takes effect once however often it comes.
	keyHeader = "Idempotency-Key"
	keyLimit  = 255
	bodyLimit = 1 << 20
	// httpScope is the scope of the claims that are requests over HTTP.
	httpScope = "http"
)

// HandleHTTP makes an HTTP handler of fn, which does one request in one transaction
// of db. The request's body is the JSON of a Req (and says so in its Content-Type),
// of 1 MiB at most and without fields that a Req does not have; what fn returns is
// answered as JSON.
//
// A request with the header Idempotency-Key takes effect once: repeated, it gets the
// stored answer, and fn is not called; the key with another request is refused. GET
// and HEAD read: their transaction is read-only and they bring no body.
//
// An error is answered as a problem document (RFC 9457). Its status is that of
// [StatusOf]; what the caller cannot mend is told to db's logger and not to the
// caller.
//
//	mux.Handle("POST /orders", inbox.HandleHTTP(db, placeOrder))
func HandleHTTP[Req, Rep any](db *store.DB, fn func(tx *store.Tx, r *http.Request, req Req) (Rep, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var req Req
		reply, err := []byte(nil), error(nil)
		answer := func(tx *store.Tx) ([]byte, error) {
			rep, err := fn(tx, r, req)
			if err != nil {
				return nil, err
			}
			return json.Marshal(rep)
		}
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			err = db.Read(r.Context(), func(tx *store.Tx) (err error) {
				reply, err = answer(tx)
				return err
			})
		} else {
			var body []byte
			if body, err = readJSON(w, r, &req); err == nil {
				err = db.Do(r.Context(), func(tx *store.Tx) (err error) {
					reply, err = once(tx, r, body, func() ([]byte, error) { return answer(tx) })
					return err
				})
			}
		}
		if err != nil {
			refuse(w, r, db.Logger(), err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(append(reply, '\n')) // whoever asked may have gone
	})
}

// readJSON reads the body, and what it says into v. An empty one says nothing.
func readJSON(w http.ResponseWriter, r *http.Request, v any) ([]byte, error) {
	invalid := func(err error) error {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: "inbox: read the request", Err: err, Do: "send what the service's API asks for, as JSON"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err != nil {
		return nil, invalid(err)
	}
	if len(body) == 0 {
		return nil, nil
	}
	// A browser asks first before it sends this type to another site.
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return nil, invalid(fmt.Errorf("the Content-Type is %q and not application/json", kind))
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return nil, invalid(err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, invalid(errors.New("something follows the JSON"))
	}
	return body, nil
}

// once answers a request that names itself by [Answer], and any other at once.
func once(tx *store.Tx, r *http.Request, body []byte, answer func() ([]byte, error)) ([]byte, error) {
	key := r.Header.Get(keyHeader)
	if key == "" {
		return answer()
	}
	if len(key) > keyLimit {
		return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: "inbox: read the request",
			Err: fmt.Errorf("the %s is longer than %d bytes", keyHeader, keyLimit), Do: "send a shorter one"}
	}
	request := append([]byte(r.Method+" "+r.URL.RequestURI()+"\n"), body...)
	reply, _, err := Answer(tx, httpScope, key, request, answer)
	return reply, err
}
