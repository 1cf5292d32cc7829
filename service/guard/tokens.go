package guard

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/bailiwick/bailiwick"
)

// Tokens are the readers that a token file lists.
type Tokens struct {
	entries []entry
	busy    map[string]*atomic.Int64 // requests under way, by reader
}

type entry struct {
	reader string
	hash   [sha256.Size]byte
	rights []Right
}

// ReadTokens reads a token file. Each line is one token: the name of its reader,
// the SHA-256 of the token in hexadecimal digits, and what the reader may do, each
// KIND:SERVICE with * for every service:
//
//	# reader  SHA-256 of the token                                              rights
//	payment   9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  feed:order feed:user
//	ops       60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752  inspect:*
//
// Lines that are empty or begin with # are passed over. A reader with several
// tokens has a line for each. Tokens themselves are in no file of the server: they
// are long random texts, so that a hash without salt does not give them away.
func ReadTokens(file string) (*Tokens, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: "guard: read the token file", Err: err}
	}
	t := &Tokens{busy: map[string]*atomic.Int64{}}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || fields[0][0] == '#' {
			continue
		}
		e, err := parseEntry(fields)
		if err == nil && slices.ContainsFunc(t.entries, func(o entry) bool { return o.hash == e.hash }) {
			err = fmt.Errorf("the token of %s is on a line above already", e.reader)
		}
		if err != nil {
			// The line itself is not told: somebody may have written the token there.
			return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: "guard: read the token file", Err: fmt.Errorf("%s, line %d: %w", file, n, err),
				Do: "write READER SHA256 RIGHT..., a right being feed:SERVICE or inspect:SERVICE"}
		}
		t.entries = append(t.entries, e)
		if t.busy[e.reader] == nil {
			t.busy[e.reader] = new(atomic.Int64)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: "guard: read the token file", Err: err}
	}
	return t, nil
}

var (
	readerName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
	rightText  = regexp.MustCompile(`^(` + Feed + `|` + Inspect + `):([A-Za-z0-9][A-Za-z0-9._-]{0,99}|\*)$`)
)

func parseEntry(fields []string) (e entry, err error) {
	if len(fields) < 3 {
		return e, fmt.Errorf("it has %d fields, three are the least", len(fields))
	}
	if e.reader = fields[0]; !readerName.MatchString(e.reader) {
		return e, fmt.Errorf("the reader's name is no name")
	}
	if len(fields[1]) != 2*sha256.Size {
		return e, fmt.Errorf("the second field is no SHA-256: it has %d digits, not %d", len(fields[1]), 2*sha256.Size)
	}
	if _, err := hex.Decode(e.hash[:], []byte(fields[1])); err != nil {
		return e, fmt.Errorf("the second field is no SHA-256 in hexadecimal digits")
	}
	for i, field := range fields[2:] {
		parts := rightText.FindStringSubmatch(field)
		if parts == nil {
			return e, fmt.Errorf("field %d is no right", i+3)
		}
		e.rights = append(e.rights, Right{Kind: parts[1], Service: parts[2]})
	}
	return e, nil
}

// find returns the reader of a token. It takes the same time whichever line it is.
func (t *Tokens) find(token string) (found entry, ok bool) {
	hash := sha256.Sum256([]byte(token))
	for _, e := range t.entries {
		if subtle.ConstantTimeCompare(hash[:], e.hash[:]) == 1 {
			found, ok = e, true
		}
	}
	return found, ok
}

func (e entry) may(need Right) bool {
	return slices.ContainsFunc(e.rights, func(r Right) bool { return r.covers(need) })
}
