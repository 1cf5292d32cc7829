package bailiwick

import "errors"

// An Explanation tells a person what a [Code] means, what commonly leads to it,
// and what to do. "bailiwick explain CODE" prints it, docs/errors.md lists all.
type Explanation struct {
	Code Code `json:"code"`
	// Meaning says in one sentence what has happened.
	Meaning string `json:"meaning"`
	// Causes are what commonly leads to it, the likeliest first.
	Causes []string `json:"causes"`
	// Do are the steps to take, in this order.
	Do []string `json:"do"`
	// Example is the text of an error of this code, as it is logged or printed.
	Example string `json:"example"`
}

// Explain returns what a code means; false if it is none of this package's.
func Explain(code Code) (Explanation, bool) {
	for _, e := range Explanations() {
		if e.Code == code {
			return e, true
		}
	}
	return Explanation{}, false
}

// Explanations returns what each code means, in the order in which the codes are
// declared.
func Explanations() []Explanation {
	var all []Explanation
	for _, e := range [][]Explanation{callers(), races(), machinery(), logs(), databases(), messages()} {
		all = append(all, e...)
	}
	return all
}

// example returns the text of an error.
func example(code Code, op, cause, do string) string {
	return (&Error{Code: code, Op: op, Err: errors.New(cause), Do: do}).Error()
}
