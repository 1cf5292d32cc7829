package web

import (
	"strconv"
	"strings"
	"time"
)

// MaxWait is the longest that a request is kept waiting, whatever it prefers.
const MaxWait = time.Minute

// Wait reads how long a client is ready to wait for an outcome from its Prefer
// header (RFC 7240, section 4.3): "wait=10" is ten seconds. It is 0 where the
// header says nothing readable about it, and never more than [MaxWait].
func Wait(prefer string) time.Duration {
	for preference := range strings.SplitSeq(prefer, ",") {
		token, _, _ := strings.Cut(preference, ";")
		name, value, ok := strings.Cut(token, "=")
		if !ok || !strings.EqualFold(strings.TrimSpace(name), "wait") {
			continue
		}
		seconds, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(value), `"`), 10, 31)
		if err != nil {
			return 0
		}
		return min(time.Duration(seconds)*time.Second, MaxWait)
	}
	return 0
}
