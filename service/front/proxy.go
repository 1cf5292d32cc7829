package front

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/service/problem"
)

// towards is the key of the instance in the context of a request.
type towards struct{}

// reverseProxy returns what passes one request on to the instance in its context.
func (f *Front) reverseProxy() *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Transport:  f.transport,
		BufferPool: &buffers{},
		ErrorLog:   slog.NewLogLogger(f.opts.Logger.Handler(), slog.LevelDebug),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(r.In.Context().Value(towards{}).(*instance).base)
			r.SetXForwarded()
		},
		ErrorHandler: f.failed,
	}
}

// failed answers for an instance that did not.
func (f *Front) failed(w http.ResponseWriter, r *http.Request, err error) {
	f.opts.Logger.DebugContext(r.Context(), "a service did not answer", "method", r.Method, "path", r.URL.Path, "err", err)
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		f.missed(r.Context().Value(towards{}).(*instance))
		problem.Refuse(w, http.StatusServiceUnavailable, bailiwick.Unavailable, "the service is away")
		return
	}
	// It may have taken effect.
	problem.Refuse(w, http.StatusBadGateway, bailiwick.Unknown, "the service went away while it was at work")
}

// pass sends a request to an instance of the service that its path names.
func (f *Front) pass(w http.ResponseWriter, r *http.Request) {
	name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	f.mu.Lock()
	known := f.services[name] != nil
	f.mu.Unlock()
	if !known {
		problem.Refuse(w, http.StatusNotFound, bailiwick.NotFound, "there is no such service")
		return
	}
	one := f.pick(name)
	if one == nil {
		problem.Refuse(w, http.StatusServiceUnavailable, bailiwick.Unavailable, "the service is away")
		return
	}
	f.proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), towards{}, one)))
}

// aside says whether a path is a service's feed or its inspection, which a drain
// lets through: /NAME/feed, /NAME/status, /NAME/healthz/…, /NAME/metrics.
func aside(u *url.URL) bool {
	_, rest, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	first, _, _ := strings.Cut(rest, "/")
	return first == "feed" || first == "status" || first == "healthz" || first == "metrics"
}

// buffers are what answers are copied through.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return *p
	}
	return make([]byte, 32<<10)
}

func (b *buffers) Put(p []byte) { b.pool.Put(&p) }
