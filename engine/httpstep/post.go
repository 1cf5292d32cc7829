package httpstep

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"
)

// maxReply bounds what is read of an answer.
const maxReply = 1 << 20

// post sends one request. An error means that nobody knows what came of it.
func (c *Courier) post(ctx context.Context, e *endpoint, cmd *command) (answer, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	req, err := c.request(ctx, e.url, cmd)
	if err != nil {
		return answer{}, err
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	if err != nil {
		return answer{}, err
	}
	if len(body) > maxReply {
		return answer{}, fmt.Errorf("the answer is longer than %d bytes", maxReply)
	}
	a, err := read(resp, body)
	if err != nil {
		now := c.opts.DB.Clock().Now()
		e.rest(now.Add(retryAfter(resp, now)))
	}
	return a, err
}

// request makes the request of docs/formats/http-step.md.
func (c *Courier) request(ctx context.Context, url string, cmd *command) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(cmd.Data))
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{
		"Content-Type":        "application/json",
		"Accept":              "application/json, application/problem+json",
		"Idempotency-Key":     cmd.key(),
		"Bailiwick-Saga":      cmd.Saga,
		"Bailiwick-Saga-Id":   cmd.ID,
		"Bailiwick-Step":      cmd.Step,
		"Bailiwick-Operation": cmd.Op,
		"Bailiwick-Message":   cmd.message.ID.String(),
		"traceparent":         cmd.message.Trace,
	} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if c.opts.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.opts.Token)
	}
	return req, nil
}

var (
	errNotJSON  = errors.New("the answer is not JSON")
	errNoReason = errors.New("the refusal is no problem+json with a reason, so it is not the participant's")
)

// read tells an answer from what only looks like one: a success has no body or
// JSON, a refusal is problem details with a reason. Everything else (a proxy's
// page, a fault, "in progress") says nothing about the step.
func read(resp *http.Response, body []byte) (answer, error) {
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case resp.StatusCode >= 200 && resp.StatusCode < 300:
		if len(body) == 0 {
			return answer{Outcome: done}, nil
		}
		if media != "application/json" || !json.Valid(body) {
			return answer{}, fmt.Errorf("%s: %w", resp.Status, errNotJSON)
		}
		return answer{Outcome: done, Data: body}, nil
	case resp.StatusCode == http.StatusUnprocessableEntity, resp.StatusCode == http.StatusGone:
		var problem struct{ Reason, Detail string }
		if media != "application/problem+json" || json.Unmarshal(body, &problem) != nil || problem.Reason == "" {
			return answer{}, fmt.Errorf("%s: %w", resp.Status, errNoReason)
		}
		outcome := rejected
		if resp.StatusCode == http.StatusGone {
			outcome = late
		}
		return answer{Outcome: outcome, Reason: problem.Reason, Detail: problem.Detail}, nil
	}
	return answer{}, errors.New(resp.Status)
}

// maxPause bounds how long somebody in between can keep the courier from a participant.
const maxPause = 5 * time.Minute

// retryAfter is for how long a response asks to be left alone, in seconds or until
// a date (RFC 9110, section 10.2.3).
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	value := resp.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		return min(time.Duration(max(0, min(seconds, 86400)))*time.Second, maxPause)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(at.Sub(now), maxPause)
	}
	return 0
}
