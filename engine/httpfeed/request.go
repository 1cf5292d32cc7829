package httpfeed

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bailiwick/bailiwick"
)

// request is what a reader asks for.
type request struct {
	follower  string   // "" if it is not registered
	types     []string // that it cares for; nil if it did not say
	committed place    // of a follower
	after     place
	limit     int
	wait      time.Duration
}

const maxName = 200

func (s *server) parse(r *http.Request) (request, error) {
	ask := request{limit: s.opts.Batch}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return ask, badRequest("the query is malformed")
	}
	ask.follower = query.Get("follower")
	if len(ask.follower) > maxName || strings.ContainsFunc(ask.follower, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return ask, badRequest("a follower's name has at most %d letters, digits and signs", maxName)
	}
	for _, list := range query["types"] {
		for _, t := range strings.Split(list, ",") {
			if t != "" {
				ask.types = append(ask.types, t)
			}
		}
	}
	slices.Sort(ask.types)
	ask.types = slices.Compact(ask.types)
	if text := query.Get("timeout"); text != "" {
		ms, err := number(text)
		if err != nil {
			return ask, badRequest("timeout is a number of milliseconds")
		}
		ask.wait = time.Duration(min(ms, s.opts.MaxWait.Milliseconds())) * time.Millisecond
	}
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return ask, badRequest("limit is the number of events that the answer may hold, from 1")
		}
		ask.limit = min(n, s.opts.Batch)
	}
	if text := query.Get("lastEventId"); text != "" {
		if ask.committed, err = parsePlace(text); err != nil {
			return ask, unknownPlace(err)
		}
	}
	ask.after = ask.committed
	if text := query.Get("after"); text != "" {
		if ask.after, err = parsePlace(text); err != nil {
			return ask, unknownPlace(err)
		}
	}
	return ask, nil
}

func badRequest(why string, args ...any) error {
	return &bailiwick.Error{Code: bailiwick.Invalid, Op: "httpfeed: read", Err: fmt.Errorf(why, args...)}
}

// unknownPlace is an id that this feed never gave: it is as good as one that is
// gone.
func unknownPlace(err error) error {
	return &bailiwick.Error{Code: bailiwick.Gone, Op: "httpfeed: read", Err: err}
}
