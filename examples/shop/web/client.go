package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/bailiwick/bailiwick"
)

// Client calls one service's API. The services' own clients are built on it.
type Client struct {
	// Base is where the service is, without a slash at its end:
	// "http://127.0.0.1:8080/order".
	Base string
	// HTTP sends the requests; nil means http.DefaultClient.
	HTTP *http.Client
}

// Do sends in as JSON, unless it is nil, and reads the answer into out, unless
// that is nil. An answer of 400 or above is a *[Problem]; a request that got no
// answer has the code [bailiwick.Unavailable], or [bailiwick.Unknown] where it may
// have taken effect.
func (c *Client) Do(ctx context.Context, method, path string, headers http.Header, in, out any) error {
	op := "web: " + method + " " + path
	var body io.Reader = http.NoBody
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: err}
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.Base, "/")+path, body)
	if err != nil {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: err}
	}
	for name, values := range headers {
		req.Header[name] = values
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	sender := c.HTTP
	if sender == nil {
		sender = http.DefaultClient
	}
	resp, err := sender.Do(req)
	if err != nil {
		return &bailiwick.Error{Code: unanswered(method), Op: op, Err: err, Do: "see that the service runs, then repeat the request with the same Idempotency-Key"}
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		return readProblem(resp)
	}
	if out != nil {
		if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
			return &bailiwick.Error{Code: unanswered(method), Op: op, Err: fmt.Errorf("read the answer: %w", err)}
		}
	}
	_, _ = io.Copy(io.Discard, resp.Body) // to the end, so that the connection is used again
	return nil
}

func unanswered(method string) bailiwick.Code {
	if method == http.MethodGet || method == http.MethodHead {
		return bailiwick.Unavailable
	}
	return bailiwick.Unknown
}

// readProblem reads an answer of 400 or above. One that is no problem detail came
// from something in between, and only its status is known.
func readProblem(resp *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(resp.Body, MaxBody))
	p := &Problem{}
	if err == nil {
		err = json.Unmarshal(text, p)
	}
	if err != nil || p.Code == "" {
		return NewProblem(resp.StatusCode, string(bailiwick.Unknown), "the answer was no problem detail: "+resp.Status)
	}
	return p
}

// IsProblem reports whether err is a problem with this code.
func IsProblem(err error, code string) bool {
	var p *Problem
	return errors.As(err, &p) && p.Code == code
}
