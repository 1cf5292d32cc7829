package guard

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// A Right is what a reader may do with one service.
type Right struct {
	// Kind is [Feed] or [Inspect].
	Kind string
	// Service is its name; "*" stands for all.
	Service string
}

// The kinds of rights.
const (
	// Feed is to read a service's log, and to follow it under the reader's name.
	Feed = "feed"
	// Inspect is to see its status, metrics and sagas.
	Inspect = "inspect"
)

// String returns "KIND:SERVICE", as the token file has it.
func (r Right) String() string { return r.Kind + ":" + r.Service }

// covers says whether one who has r may do what needs want.
func (r Right) covers(want Right) bool {
	return r.Kind == want.Kind && (r.Service == "*" || r.Service == want.Service)
}

// Endpoints says what a request to a handler of service.Group needs: /NAME/feed the
// right to NAME's feed; /NAME/status, /NAME/metrics and /NAME/sagas that to inspect
// it; /status that to inspect all. Nothing else is guarded: neither health nor the
// services' APIs. A path is read as http.ServeMux reads it, where what is escaped
// separates no parts; then as others may, where it does.
func Endpoints(r *http.Request) (need Right, ok bool) {
	parts := split(r.URL.EscapedPath())
	for i, part := range parts {
		if plain, err := url.PathUnescape(part); err == nil {
			parts[i] = plain
		}
	}
	if need, ok = endpoint(parts); !ok {
		need, ok = endpoint(split(r.URL.Path))
	}
	return need, ok
}

func split(p string) []string { return strings.Split(strings.Trim(path.Clean("/"+p), "/"), "/") }

func endpoint(parts []string) (need Right, ok bool) {
	if len(parts) == 1 {
		return Right{Inspect, "*"}, slices.Contains([]string{"status", "metrics"}, parts[0])
	}
	switch parts[1] {
	case "feed":
		return Right{Feed, parts[0]}, true
	case "status", "metrics", "sagas":
		return Right{Inspect, parts[0]}, true
	}
	return Right{}, false
}
