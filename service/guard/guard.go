// Package guard keeps what is not for everybody from everybody: the feeds, the
// status, the metrics and the sagas of services. A listener that only this machine
// reaches needs nothing. On any other, those endpoints ask for a bearer token, and
// the token file says what its reader may read; and the connection is encrypted,
// unless somebody has said that it need not be.
//
// The services' own APIs are let through: who may place an order is for them to
// say. docs/security.md describes the token file.
package guard

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/bailiwick/bailiwick"
)

// Options say how a listener is guarded. The zero value fits one on the loopback.
type Options struct {
	// CertFile and KeyFile hold the server's certificate chain and key, in PEM; the
	// listener then speaks TLS, at least 1.2.
	CertFile, KeyFile string
	// Plain allows to listen without TLS where other machines can reach it: behind a
	// proxy that terminates TLS, or where the network itself is trusted.
	Plain bool
	// TokenFile lists the readers; see [ReadTokens]. With one, tokens are asked for
	// on the loopback too. Without one, nobody but this machine may read what is
	// guarded.
	TokenFile string
	// Guarded says which right a request needs; ok is false where it needs none. nil
	// means [Endpoints].
	Guarded func(r *http.Request) (need Right, ok bool)
	// MaxBody bounds the body of a request, in bytes; 0 means 8 MiB.
	MaxBody int64
	// MaxRequests is how many requests for what is guarded one reader may have under
	// way at once, waiting polls included; more are refused with 429. 0 means 64.
	MaxRequests int
}

// Guard makes guarded listeners and servers.
type Guard struct {
	opts   Options
	tls    *tls.Config // nil for plain HTTP
	tokens *Tokens     // nil if there is no file
}

// New reads the files. What is missing or malformed has the code
// [bailiwick.Invalid].
func New(opts Options) (*Guard, error) {
	const op = "guard: new"
	if opts.Guarded == nil {
		opts.Guarded = Endpoints
	}
	if opts.MaxBody <= 0 {
		opts.MaxBody = 8 << 20
	}
	if opts.MaxRequests <= 0 {
		opts.MaxRequests = 64
	}
	g := &Guard{opts: opts}
	if (opts.CertFile == "") != (opts.KeyFile == "") {
		return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: errors.New("a certificate needs its key, and a key its certificate")}
	}
	if opts.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(opts.CertFile, opts.KeyFile)
		if err != nil {
			return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: err, Do: "name the certificate chain and its key, both in PEM"}
		}
		g.tls = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	}
	if opts.TokenFile != "" {
		var err error
		if g.tokens, err = ReadTokens(opts.TokenFile); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// Listen listens at a TCP address, port 0 meaning a free one. Without TLS, an
// address that other machines can reach has the code [bailiwick.Invalid], unless
// Options.Plain allows it; one that cannot be had is [bailiwick.Unavailable].
func (g *Guard) Listen(ctx context.Context, addr string) (net.Listener, error) {
	const op = "guard: listen"
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, &bailiwick.Error{Code: bailiwick.Unavailable, Op: op, Err: err, Do: "name another address, or port 0 for a free one"}
	}
	if g.tls != nil {
		return tls.NewListener(listener, g.tls), nil
	}
	if !g.opts.Plain && !local(listener.Addr()) {
		_ = listener.Close() // nothing was accepted from it
		return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: fmt.Errorf("other machines can reach %s, and it would not be encrypted", listener.Addr()),
			Do: "listen at 127.0.0.1, give a certificate and its key, or allow plain HTTP where the network is trusted"}
	}
	return listener, nil
}

// URL is under which a listener of this guard is reached.
func (g *Guard) URL(listener net.Listener) string {
	if g.tls != nil {
		return "https://" + listener.Addr().String()
	}
	return "http://" + listener.Addr().String()
}

// Server returns a server for a listener of this guard. Its requests have to come
// in time and be of reasonable size; a poll may wait for less than two minutes.
func (g *Guard) Server(listener net.Listener, next http.Handler) *http.Server {
	return &http.Server{
		Handler:           g.Handler(next, local(listener.Addr())),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       2 * time.Minute,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
}

// local says whether only this machine reaches an address.
func local(addr net.Addr) bool {
	switch a := addr.(type) {
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	case *net.UnixAddr:
		return true
	}
	return false
}
