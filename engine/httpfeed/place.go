package httpfeed

import (
	"errors"
	"strconv"
	"strings"

	"github.com/bailiwick/bailiwick"
)

// A place is what an event's id says: EPOCH.SEQ.UUID, the position of a message
// and its own id. So the server finds it without an index, and sees when another
// message stands there now. EPOCH.SEQ is a place where no message needs to be.
type place struct {
	bailiwick.Position
	id bailiwick.ID // zero if not given
}

var errPlace = errors.New("an event's id is EPOCH.SEQ.UUID as the feed gave it, or EPOCH.SEQ")

func parsePlace(text string) (place, error) {
	epoch, rest, ok := strings.Cut(text, ".")
	seq, id, named := strings.Cut(rest, ".")
	if !ok {
		return place{}, errPlace
	}
	var p place
	var err error
	if p.Epoch, err = number(epoch); err != nil {
		return place{}, errPlace
	}
	if p.Seq, err = number(seq); err != nil {
		return place{}, errPlace
	}
	if named {
		if p.id, err = bailiwick.ParseID(id); err != nil {
			return place{}, errPlace
		}
	}
	return p, nil
}

// number reads a decimal number that is not negative.
func number(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && (n < 0 || text[0] == '+' || text[0] == '-') {
		return 0, errPlace
	}
	return n, err
}

func (p place) String() string {
	text := string(appendPosition(nil, p.Position))
	if !p.id.IsZero() {
		text += "." + p.id.String()
	}
	return text
}

func appendPosition(b []byte, p bailiwick.Position) []byte {
	b = strconv.AppendInt(b, p.Epoch, 10)
	b = append(b, '.')
	return strconv.AppendInt(b, p.Seq, 10)
}
