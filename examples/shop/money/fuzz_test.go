package money_test

import (
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick/examples/shop/money"
)

// A text is an amount, exactly, or refused: nothing is rounded.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"2.55", "18.0", "0.001", "-11062.060", "0", "-0", "007", "", "-", ".", ".5", "5.", "1.2345", "1e3", "1,000.00", " 1", "1 ", "+1", "--1", "٣", "9223372036854775.807", "9223372036854775.808", "-9223372036854775.808", "0x10", "NaN"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := money.Parse(text)
		if err != nil {
			if a != 0 {
				t.Fatalf("%q is refused, and is %s", text, a)
			}
			return
		}
		if again, err := money.Parse(a.String()); err != nil || again != a {
			t.Fatalf("%q is %s, which is %s, %v", text, a, again, err)
		}
		if strings.Trim(text, "-0123456789.") != "" {
			t.Fatalf("%q is %s", text, a)
		}
		if plain := strings.ReplaceAll(a.Grouped(), ",", ""); plain != a.String() {
			t.Fatalf("%s is told as %s", a, a.Grouped())
		}
	})
}
