package simulation

import (
	"fmt"
	"strconv"
	"strings"
)

// A Case is one simulation, told in a word.
type Case struct {
	// Seed decides everything.
	Seed uint64
	// Only are the faults of the seed's plan that happen, by their number; nil means
	// all of them.
	Only []int
}

// String returns "4711", or "4711:0,3" where only some faults happen.
func (c Case) String() string {
	text := strconv.FormatUint(c.Seed, 10)
	if c.Only == nil {
		return text
	}
	only := make([]string, len(c.Only))
	for i, n := range c.Only {
		only[i] = strconv.Itoa(n)
	}
	return text + ":" + strings.Join(only, ",")
}

// ParseCase reads what [Case.String] returns.
func ParseCase(text string) (c Case, err error) {
	seed, only, some := strings.Cut(text, ":")
	if c.Seed, err = strconv.ParseUint(seed, 10, 64); err != nil {
		return Case{}, fmt.Errorf("simulation: %q is no case: %w", text, err)
	}
	if !some {
		return c, nil
	}
	c.Only = []int{}
	for word := range strings.FieldsFuncSeq(only, func(r rune) bool { return r == ',' }) {
		n, err := strconv.ParseUint(word, 10, 16)
		if err != nil {
			return Case{}, fmt.Errorf("simulation: %q is no case: %w", text, err)
		}
		c.Only = append(c.Only, int(n))
	}
	return c, nil
}
