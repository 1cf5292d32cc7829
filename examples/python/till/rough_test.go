package main

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
)

// rough is a network between the two services that treats requests badly: it loses
// them, or their answers, cuts answers in two, sends requests twice, and keeps them
// to send them again much later.
type rough struct {
	routes map[string]string // first part of the path: base URL

	mu       sync.Mutex
	rand     *rand.Rand
	steps    []request // all that were sent, or withheld
	withheld []request
	count    map[string]int // of what was done to requests
}

type request struct {
	method, url string
	header      http.Header
	body        []byte
}

// ServeHTTP passes a request on, or not.
func (n *rough) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	first, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	ask := request{r.Method, n.routes[first] + "/" + rest, r.Header.Clone(), body}
	if r.URL.RawQuery != "" {
		ask.url += "?" + r.URL.RawQuery
	}
	switch n.fate(ask) {
	case "withheld", "lost":
		http.Error(w, "<html>", http.StatusBadGateway)
	case "answer lost":
		_, _, _ = ask.send(r.Context())
		panic(http.ErrAbortHandler)
	case "cut":
		response, got, err := ask.send(r.Context())
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		pass(w, response)
		_, _ = w.Write(got[:len(got)/2])
		panic(http.ErrAbortHandler)
	case "doubled":
		both := make(chan struct{})
		go func() {
			defer close(both)
			_, _, _ = ask.send(r.Context())
		}()
		ask.pass(w, r.Context())
		<-both
	default:
		ask.pass(w, r.Context())
	}
}

// fate draws what happens to a request.
func (n *rough) fate(ask request) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	fate := "passed"
	step := ask.method == http.MethodPost
	switch draw := n.rand.IntN(100); {
	case step && ask.header.Get("Bailiwick-Operation") == "do" && strings.HasPrefix(ask.header.Get("Bailiwick-Saga-Id"), "late-"):
		fate = "withheld"
	case draw < 8:
		fate = "lost"
	case draw < 16:
		fate = "answer lost"
	case draw < 24 && step:
		fate = "doubled"
	case draw < 24:
		fate = "cut"
	}
	switch {
	case fate == "withheld":
		n.withheld = append(n.withheld, ask)
	case step:
		n.steps = append(n.steps, ask)
	}
	n.count[fate]++
	return fate
}

// send sends a request and reads the answer.
func (a request) send(ctx context.Context) (*http.Response, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, a.method, a.url, bytes.NewReader(a.body))
	if err != nil {
		return nil, nil, err
	}
	r.Header = a.header.Clone()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response, body, err
}

// pass sends a request and hands on the answer.
func (a request) pass(w http.ResponseWriter, ctx context.Context) {
	response, body, err := a.send(ctx)
	if err != nil {
		http.Error(w, "<html>", http.StatusBadGateway)
		return
	}
	pass(w, response)
	_, _ = w.Write(body) // whoever asked may have gone
}

func pass(w http.ResponseWriter, response *http.Response) {
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(response.StatusCode)
}
