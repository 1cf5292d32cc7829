package bailiwick

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"sync"
	"time"
)

// ID is a UUID of version 7 (RFC 9562): 48 bits of Unix milliseconds, then
// random bits. IDs made by one [IDs] sort in the order in which they were made.
type ID [16]byte

// String returns the canonical 36-character form.
func (id ID) String() string {
	var b [36]byte
	hex.Encode(b[0:8], id[0:4])
	b[8] = '-'
	hex.Encode(b[9:13], id[4:6])
	b[13] = '-'
	hex.Encode(b[14:18], id[6:8])
	b[18] = '-'
	hex.Encode(b[19:23], id[8:10])
	b[23] = '-'
	hex.Encode(b[24:36], id[10:16])
	return string(b[:])
}

// IsZero reports whether id is the zero ID, which names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// MarshalText returns the canonical form; the zero ID is empty.
func (id ID) MarshalText() ([]byte, error) {
	if id.IsZero() {
		return []byte{}, nil
	}
	return []byte(id.String()), nil
}

// UnmarshalText reads the canonical form, or the empty text as the zero ID.
func (id *ID) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*id = ID{}
		return nil
	}
	parsed, err := ParseID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

var errBadID = errors.New("an id has 36 characters: 8-4-4-4-12 hexadecimal digits")

// ParseID reads the canonical form of a UUID of any version.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return ID{}, errBadID
	}
	for _, part := range [...]struct{ dst, from, to int }{{0, 0, 8}, {4, 9, 13}, {6, 14, 18}, {8, 19, 23}, {10, 24, 36}} {
		if _, err := hex.Decode(id[part.dst:], []byte(s[part.from:part.to])); err != nil {
			return ID{}, errBadID
		}
	}
	return id, nil
}

// IDs makes IDs. The zero value is ready to use: it reads the system's clock and
// its random source. An IDs may be used by several goroutines at once.
type IDs struct {
	// Now tells the time that goes into an ID; nil means time.Now.
	Now func() time.Time
	// Rand is the source of the random bits; nil means crypto/rand.
	Rand io.Reader

	mu   sync.Mutex
	last uint64 // milliseconds<<12 | counter, never goes back
	pool [512]byte
	left int
}

// New returns an ID that sorts after every ID this IDs made before, even when
// the clock stands still or goes back: the 12 bits after the version count up
// within a millisecond (RFC 9562, section 6.2, method 1) and run over into the
// next one. It panics if the random source fails, as crypto/rand does: an ID
// that may repeat would make two effects one.
func (g *IDs) New() ID {
	now := time.Now
	if g.Now != nil {
		now = g.Now
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	stamp := uint64(now().UnixMilli()) << 12
	if stamp <= g.last {
		stamp = g.last + 1
	}
	g.last = stamp

	var id ID
	ms := stamp >> 12
	id[0], id[1], id[2] = byte(ms>>40), byte(ms>>32), byte(ms>>24)
	id[3], id[4], id[5] = byte(ms>>16), byte(ms>>8), byte(ms)
	id[6], id[7] = 0x70|byte(stamp>>8)&0x0f, byte(stamp)
	copy(id[8:], g.random(8))
	id[8] = 0x80 | id[8]&0x3f
	return id
}

// random returns n fresh bytes from a pool that is filled in one read: a system
// call for every message would cost more than the message.
func (g *IDs) random(n int) []byte {
	if g.left < n {
		src := io.Reader(rand.Reader)
		if g.Rand != nil {
			src = g.Rand
		}
		if _, err := io.ReadFull(src, g.pool[:]); err != nil {
			panic("bailiwick: the random source failed: " + err.Error())
		}
		g.left = len(g.pool)
	}
	b := g.pool[len(g.pool)-g.left:][:n]
	g.left -= n
	return b
}
