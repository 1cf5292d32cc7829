package bank

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/saga"
)

// Outcome is what a client may conclude from an answer, or from its absence.
type Outcome string

// The outcomes.
const (
	// OK: it happened.
	OK Outcome = "ok"
	// Fail: it was refused and did not happen, nor ever will.
	Fail Outcome = "fail"
	// Info: nobody knows. A timeout, a lost connection, a 5xx, or a transfer that was
	// still pending when the answer was due.
	Info Outcome = "info"
)

// Client calls the four services over HTTP, and retries nothing. It may be used by
// several goroutines at once.
type Client struct {
	// At returns the address of the process that a service runs in, where it is at
	// /NAME/: "http://127.0.0.1:41001". It is asked for every request.
	At func(service string) string
	// HTTP sends the requests; nil means http.DefaultClient. Its timeout is how long
	// an answer is waited for.
	HTTP *http.Client
	// Wait is how long a transfer is waited for, in whole seconds; 0 means that the
	// answer is how it stands.
	Wait time.Duration
}

// Transfer asks for a transfer under an Idempotency-Key: OK if it is [Done], Fail if
// it was [Rejected] or refused. It is known by the answer's ID once it was accepted;
// asked for again, the answer is how it stands then.
func (c *Client) Transfer(ctx context.Context, key, from, to string, amount int64) (t Transfer, o Outcome, err error) {
	o, err = c.call(ctx, http.MethodPost, Order, "/transfers", key, map[string]any{"from": from, "to": to, "amount": amount}, &t)
	if o == OK { // what is stored under the key is that it was pending
		o, err = c.call(ctx, http.MethodGet, Order, "/transfers/"+t.ID, "", nil, &t)
	}
	switch {
	case o != OK && t.ID != "":
		return t, Info, err // it was accepted, and only its end is not known
	case o != OK:
		return t, o, err
	case t.Status == Rejected:
		return t, Fail, saga.Reject(t.Reason, "%s pays %s", from, to)
	case t.Status == Pending:
		return t, Info, nil
	}
	return t, OK, nil
}

// Move changes the balance of one account by amount, in wallet alone, under an
// Idempotency-Key, and returns the account as it was then: Fail if the balance would
// have gone below zero.
func (c *Client) Move(ctx context.Context, key, account string, amount int64) (a Account, o Outcome, err error) {
	var m movement
	o, err = c.call(ctx, http.MethodPost, Wallet, "/accounts/"+url.PathEscape(account)+"/moves", key, map[string]any{"amount": amount}, &m)
	if o == OK && m.Refused != "" {
		return m.Account, Fail, saga.Reject(m.Refused, "%s holds %d", account, m.Balance)
	}
	return m.Account, o, err
}

// Balance reads an account.
func (c *Client) Balance(ctx context.Context, account string) (a Account, o Outcome, err error) {
	o, err = c.call(ctx, http.MethodGet, Wallet, "/accounts/"+url.PathEscape(account), "", nil, &a)
	return a, o, err
}

// Open opens accounts with these balances. An account that exists stays as it is, so
// it may be called again; the money comes from nowhere, and is what a check starts from.
func (c *Client) Open(ctx context.Context, balances map[string]int64) error {
	_, err := c.call(ctx, http.MethodPut, Wallet, "/accounts", "", map[string]any{"balances": balances}, nil)
	return err
}

// State gathers the states of the four services. It holds at one moment only where
// they rest.
func (c *Client) State(ctx context.Context) (s State, err error) {
	for _, service := range Services() {
		var part State
		if _, err := c.call(ctx, http.MethodGet, service, "/state", "", nil, &part); err != nil {
			return State{}, err
		}
		s.merge(part)
	}
	return s, nil
}

// Sum reads a running sum: of [Ledger] Σ of its entries and its position in wallet's
// log, of [Wallet] Σ of its balances and the head of its log. Consumers are asked
// before producers.
func (c *Client) Sum(ctx context.Context, service string) (r Running, err error) {
	_, err = c.call(ctx, http.MethodGet, service, "/sum", "", nil, &r)
	return r, err
}

// Moved returns Σ of what the messages of wallet's log moved, after one seq and
// through another: what lies between a sum of ledger and one of wallet.
func (c *Client) Moved(ctx context.Context, after, through int64) (sum int64, err error) {
	query := url.Values{"after": {strconv.FormatInt(after, 10)}, "through": {strconv.FormatInt(through, 10)}}
	var r Running
	_, err = c.call(ctx, http.MethodGet, Wallet, "/moved?"+query.Encode(), "", nil, &r)
	return r.Sum, err
}

// Set has a service's clock run ahead of the machine's by so much; 0 puts it right. It
// may be asked again.
func (c *Client) Set(ctx context.Context, service string, ahead time.Duration) error {
	_, err := c.call(ctx, http.MethodPost, service, "/clock", "", map[string]any{"ahead": ahead.String()}, nil)
	return err
}

// Replay does what an operator does once the cause is mended: every key that is
// parked in ledger is replayed, and every saga that is parked goes on. It returns how
// many there were. What is tried again may be parked again, or bring up another poison
// message behind it, so it is called until there are none.
func (c *Client) Replay(ctx context.Context) (parked int, err error) {
	for _, service := range []string{Order, Ledger} {
		var answer intervention
		if _, err := c.call(ctx, http.MethodPost, service, "/replay", "", struct{}{}, &answer); err != nil {
			return parked, err
		}
		parked += answer.Operations
	}
	return parked, nil
}

// call sends in as JSON, unless it is nil, and reads the answer into out, unless that
// is nil. err says why the outcome is not OK.
func (c *Client) call(ctx context.Context, method, service, path, key string, in, out any) (Outcome, error) {
	op := "bank: " + method + " " + service + path
	var body io.Reader = http.NoBody
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return Fail, &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: err}
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.At(service)+"/"+service+path, body)
	if err != nil {
		return Fail, &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: err}
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	if seconds := int(c.Wait / time.Second); seconds > 0 {
		req.Header.Set("Prefer", "wait="+strconv.Itoa(seconds))
	}
	sender := c.HTTP
	if sender == nil {
		sender = http.DefaultClient
	}
	resp, err := sender.Do(req)
	if err != nil {
		return Info, &bailiwick.Error{Code: bailiwick.Unknown, Op: op, Err: err}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	switch status := resp.StatusCode; {
	case err != nil:
		return Info, &bailiwick.Error{Code: bailiwick.Unknown, Op: op, Err: err}
	case status >= http.StatusInternalServerError || status == http.StatusRequestTimeout || status == http.StatusTooManyRequests:
		return Info, &bailiwick.Error{Code: bailiwick.Unknown, Op: op, Err: errors.New(resp.Status)}
	case status >= http.StatusBadRequest:
		return Fail, &bailiwick.Error{Code: bailiwick.Conflict, Op: op, Err: fmt.Errorf("%s: %s", resp.Status, text)}
	case out == nil:
		return OK, nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return Info, &bailiwick.Error{Code: bailiwick.Unknown, Op: op, Err: err}
	}
	return OK, nil
}
