package guard

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/service/problem"
)

type contextKey struct{}

// Reader returns the name of the reader whose token a request brought; ok is false
// where none was asked for.
func Reader(ctx context.Context) (name string, ok bool) {
	name, ok = ctx.Value(contextKey{}).(string)
	return name, ok
}

// Follows says whether the caller of a request may follow a log as follower: where
// a token was asked for, under the name of its reader only, because a follower
// tells the log what it may forget. "" stands for somebody who only reads. It is
// what httpfeed.ServerOptions.Readers wants.
func Follows(r *http.Request, follower string) error {
	name, ok := Reader(r.Context())
	if !ok || follower == "" || follower == name {
		return nil
	}
	return fmt.Errorf("the token is that of the reader %q, who may not follow as another", name)
}

// Handler guards next. local says that only this machine reaches it: then a token
// is asked for only if there is a token file.
func (g *Guard) Handler(next http.Handler, local bool) http.Handler {
	next = http.MaxBytesHandler(next, g.opts.MaxBody)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		need, ok := g.opts.Guarded(r)
		switch {
		case !ok:
			next.ServeHTTP(w, r)
		case g.tokens != nil:
			g.admit(w, r, next, need)
		case !local:
			problem.Refuse(w, http.StatusForbidden, bailiwick.Invalid, "the server has no token file, so only its own machine may read this")
		case !localName(r.Host) || fromAnotherSite(r):
			// A web page elsewhere can have a browser on this machine ask, under its own name
			// or under this machine's.
			problem.Refuse(w, http.StatusForbidden, bailiwick.Invalid, "without a token this is for programs on this machine, which name it localhost or by its loopback address")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// admit lets a reader in who has the right, and not too much under way.
func (g *Guard) admit(w http.ResponseWriter, r *http.Request, next http.Handler, need Right) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	e, ok := g.tokens.find(strings.TrimSpace(token))
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		w.Header().Set("WWW-Authenticate", `Bearer realm="bailiwick"`)
		problem.Refuse(w, http.StatusUnauthorized, bailiwick.Invalid, "this needs a bearer token that the server knows")
		return
	}
	if !e.may(need) {
		problem.Refuse(w, http.StatusForbidden, bailiwick.Invalid, fmt.Sprintf("the reader %q has not the right %s", e.reader, need))
		return
	}
	busy := g.tokens.busy[e.reader]
	defer busy.Add(-1)
	if busy.Add(1) > int64(g.opts.MaxRequests) {
		problem.Refuse(w, http.StatusTooManyRequests, bailiwick.Unavailable, fmt.Sprintf("the reader %q has too many requests under way", e.reader))
		return
	}
	next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, e.reader)))
}

// localName says whether a Host header names this machine.
func localName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// fromAnotherSite says whether a browser asks because a page of another site had it
// do so. Programs that are no browsers do not send the header.
func fromAnotherSite(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site != "" && site != "none" && site != "same-origin"
}
