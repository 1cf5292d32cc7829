package httpfeed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/bailiwick/bailiwick"
)

// told is an answer with what its headers say.
type told struct {
	run  *run
	head int64
}

// ask makes one request.
func (f *Feed) ask(ctx context.Context, c *call, at place) (told, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(c.wait+f.opts.Patience, func() { cancel(errSilent) })
	defer watchdog.Stop()
	failed := func(err error) (told, error) {
		if context.Cause(ctx) == errSilent {
			err = errSilent
		}
		return told{}, f.failure(bailiwick.Unavailable, err, "see whether the service that serves the log runs and can be reached")
	}

	r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.address(c, at), nil)
	if err != nil {
		return failed(err)
	}
	r.Header.Set("Accept", MediaType+", application/problem+json")
	if f.opts.Token != "" {
		r.Header.Set("Authorization", "Bearer "+f.opts.Token)
	}
	response, err := f.client.Do(r)
	if err != nil {
		return failed(err)
	}
	defer response.Body.Close()
	body, err := f.body(response, watchdog)
	if errors.Is(err, errLarge) {
		return told{}, f.failure(bailiwick.Invalid, err, "set Options.MaxBytes higher, or the server's")
	}
	if err != nil {
		return failed(err)
	}
	if response.StatusCode != http.StatusOK {
		return told{}, f.refused(response, body)
	}
	got, err := f.read(response.Header, body, c.after)
	if err != nil {
		return told{}, f.failure(bailiwick.Invalid, err, "see whether the URL is that of the log's feed")
	}
	return got, nil
}

// address is the URL that asks for what follows a place.
func (f *Feed) address(c *call, at place) string {
	query := url.Values{}
	if f.opts.Follower != "" {
		query.Set("follower", f.opts.Follower)
		if c.acked.Seq > 0 {
			query.Set("lastEventId", place{Position: c.acked}.String())
		}
		if at.Position != c.acked || !at.id.IsZero() {
			query.Set("after", at.String())
		}
	} else if at.Seq > 0 {
		query.Set("lastEventId", at.String())
	}
	if len(f.opts.Types) > 0 {
		query.Set("types", strings.Join(f.opts.Types, ","))
	}
	if c.wait > 0 {
		query.Set("timeout", strconv.FormatInt(c.wait.Milliseconds(), 10))
	}
	if c.limit > 0 {
		query.Set("limit", strconv.Itoa(c.limit))
	}
	address := *f.base
	address.RawQuery = query.Encode()
	return address.String()
}

var (
	errSilent = errors.New("the server fell silent")
	errLarge  = errors.New("the answer is too large")
)

// body reads an answer that comes in time, piece by piece, and is whole.
func (f *Feed) body(response *http.Response, watchdog *time.Timer) ([]byte, error) {
	if response.ContentLength > f.opts.MaxBytes {
		return nil, errLarge
	}
	body := make([]byte, 0, max(response.ContentLength+1, 512))
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		watchdog.Reset(f.opts.Patience)
		n, err := response.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case int64(len(body)) > f.opts.MaxBytes:
			return nil, errLarge
		case err == io.EOF:
			return body, nil
		case err != nil:
			return nil, err
		}
	}
}

// read takes an answer apart and refuses what is not the log's next run.
func (f *Feed) read(h http.Header, body []byte, after bailiwick.Position) (told, error) {
	if kind, _, _ := mime.ParseMediaType(h.Get("Content-Type")); kind != MediaType {
		return told{}, fmt.Errorf("the answer is of type %q", h.Get("Content-Type"))
	}
	if log := h.Get(HeaderLog); log != f.opts.Log {
		return told{}, fmt.Errorf("it is the feed of the log %q, not of %q", log, f.opts.Log)
	}
	through, err := parsePlace(h.Get(HeaderThrough))
	if err != nil {
		return told{}, fmt.Errorf("%s is missing or malformed", HeaderThrough)
	}
	head, err := number(h.Get(HeaderHead))
	if err != nil {
		return told{}, fmt.Errorf("%s is missing or malformed", HeaderHead)
	}
	leftOut, err := number(h.Get(HeaderLeftOut))
	if err != nil {
		return told{}, fmt.Errorf("%s is missing or malformed", HeaderLeftOut)
	}
	messages, err := decode(body)
	if err != nil {
		return told{}, err
	}
	last := bailiwick.Position{Seq: after.Seq} // who follows holds it against the epoch too
	for _, m := range messages {
		if m.Log != f.opts.Log || m.Seq <= last.Seq || m.Epoch < last.Epoch {
			return told{}, fmt.Errorf("%s of %s came after %s", m.Position(), m.Log, last)
		}
		last = m.Position()
	}
	if through.Seq < last.Seq || through.Epoch < last.Epoch {
		return told{}, fmt.Errorf("the answer reaches to %s and holds %s", through.Position, last)
	}
	return told{newRun(after, through.Position, messages, leftOut, int64(len(body))), max(head, through.Seq)}, nil
}

// refused is what an answer without a batch means.
func (f *Feed) refused(response *http.Response, body []byte) error {
	var p problem
	if kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); kind == "application/problem+json" {
		_ = json.Unmarshal(body, &p) // the status says enough
	}
	err := fmt.Errorf("%s: %.300s", response.Status, p.Detail)
	switch status := response.StatusCode; {
	case status == http.StatusGone && p.Code == bailiwick.Forked:
		return f.failure(bailiwick.Forked, err, "do not skip: compare the follower's data with the log's past, then rebuild it from a snapshot")
	case status == http.StatusGone && p.Code == bailiwick.Gone:
		return f.failure(bailiwick.Gone, fmt.Errorf("%w; the log can be read from %s on", err, p.Low), "start the follower from a snapshot")
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return f.failure(bailiwick.Invalid, err, "give this reader a token that may read the log as this follower")
	case status >= 400 && status < 500 && status != http.StatusTooManyRequests && p.Code == bailiwick.Invalid:
		return f.failure(bailiwick.Invalid, err, "")
	}
	return f.failure(bailiwick.Unavailable, err, "see how the service that serves the log is doing")
}

func (f *Feed) failure(code bailiwick.Code, err error, do string) error {
	return &bailiwick.Error{Code: code, Op: "httpfeed: read " + f.opts.Log, Err: err, Do: do}
}
