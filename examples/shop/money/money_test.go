package money_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/bailiwick/bailiwick/examples/shop/money"
)

func Example() {
	price, err := money.Parse("2.55")
	if err != nil {
		fmt.Println(err)
		return
	}
	total, err := price.Times(6)
	fmt.Println(int64(price), total, total.Grouped(), err)
	// Output: 2550 15.300 15.300 <nil>
}

func TestParse(t *testing.T) {
	good := map[string]money.Amount{
		"0": 0, "0.0": 0, "2.55": 2550, "0.001": 1, "-11062.06": -11062060, "2.5": 2500, "13541.33": 13541330,
		"-0.001": -1, "9223372036854775.807": math.MaxInt64,
	}
	for text, want := range good {
		if got, err := money.Parse(text); err != nil || got != want {
			t.Errorf("Parse(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-", ".", ".5", "5.", "1.2345", "1e3", " 1", "1 ", "+1", "1,5", "--1", "0x1", "9223372036854775.808", "١"} {
		if got, err := money.Parse(text); err == nil {
			t.Errorf("Parse(%q) = %d, want an error", text, got)
		}
	}
}

func TestParseReadsWhatStringWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := money.Amount(rapid.Int64Min(-math.MaxInt64).Draw(t, "amount"))
		if got, err := money.Parse(a.String()); err != nil || got != a {
			t.Fatalf("Parse(%q) = %d, %v", a.String(), got, err)
		}
	})
}

func TestOverflowIsAnError(t *testing.T) {
	if _, err := money.Amount(math.MaxInt64 / 2).Times(3); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("Times: %v", err)
	}
	if _, err := money.Amount(math.MaxInt64).Plus(1); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("Plus: %v", err)
	}
	if _, err := money.Amount(-math.MaxInt64).Plus(-2); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("Plus below: %v", err)
	}
	if got, err := money.Amount(-2550).Times(-2); err != nil || got != 5100 {
		t.Errorf("-2.55 × -2 = %d, %v", got, err)
	}
	if got, err := money.Amount(2550).Times(-2); err != nil || got != -5100 {
		t.Errorf("2.55 × -2 = %d, %v", got, err)
	}
}

func TestGrouped(t *testing.T) {
	for a, want := range map[money.Amount]string{
		9747747934: "9,747,747.934", 999999: "999.999", -1000000: "-1,000.000", 0: "0.000", -100: "-0.100",
	} {
		if got := a.Grouped(); got != want {
			t.Errorf("%d: %s, want %s", a, got, want)
		}
	}
}
