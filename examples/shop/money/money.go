// Package money holds amounts exactly: whole thousandths of a currency's unit,
// never a float. The shop's input prices goods to three decimals.
package money

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// A Currency is a code of ISO 4217.
type Currency string

// GBP is the pound sterling, the one currency the shop trades in.
const GBP Currency = "GBP"

// An Amount is a number of thousandths of a currency's unit: 2550 is 2.55. On the
// wire it is that integer. Which currency it is stands beside it, once for each
// document.
type Amount int64

// ErrOverflow says that an amount does not fit: it would exceed some nine million
// millions.
var ErrOverflow = errors.New("the amount is too large")

// Parse reads a decimal number: an optional minus, digits, and at most three
// digits after a point. "2.5" and "2.500" are the same amount. More decimals,
// exponents and spaces are errors, not rounded.
func Parse(s string) (Amount, error) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, fraction, pointed := strings.Cut(digits, ".")
	if !allDigits(whole) || pointed && !allDigits(fraction) {
		return 0, fmt.Errorf("%q is no decimal number", s)
	}
	if len(fraction) > 3 {
		return 0, fmt.Errorf("%q has more than three decimals", s)
	}
	thousandths := whole + fraction + "000"[len(fraction):]
	if negative {
		thousandths = "-" + thousandths // now, because the least amount has no opposite
	}
	n, err := strconv.ParseInt(thousandths, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q: %w", s, ErrOverflow)
	}
	return Amount(n), nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// Times returns the price of n units at a each, or [ErrOverflow].
func (a Amount) Times(n int64) (Amount, error) {
	high, low := bits.Mul64(magnitude(int64(a)), magnitude(n))
	if high != 0 || low > math.MaxInt64 {
		return 0, ErrOverflow
	}
	if (a < 0) != (n < 0) {
		return -Amount(low), nil
	}
	return Amount(low), nil
}

// Plus returns the sum of a and b, or [ErrOverflow].
func (a Amount) Plus(b Amount) (Amount, error) {
	sum := a + b
	if (a < 0) == (b < 0) && (sum < 0) != (a < 0) {
		return 0, ErrOverflow
	}
	return sum, nil
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// String returns the amount with all three decimals: "2.550".
func (a Amount) String() string {
	sign := ""
	if a < 0 {
		sign = "-"
	}
	m := magnitude(int64(a))
	return fmt.Sprintf("%s%d.%03d", sign, m/1000, m%1000)
}

// Grouped returns the amount for people to read, in groups of three digits:
// "9,747,747.934".
func (a Amount) Grouped() string {
	whole, fraction, _ := strings.Cut(a.String(), ".")
	digits, negative := strings.CutPrefix(whole, "-")
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if negative {
		digits = "-" + digits
	}
	return digits + "." + fraction
}
