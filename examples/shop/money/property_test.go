package money_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/bailiwick/bailiwick/examples/shop/money"
)

var anyAmount = rapid.Map(rapid.OneOf(rapid.Int64Range(-100_000, 100_000), rapid.Int64(), rapid.SampledFrom([]int64{math.MaxInt64, math.MinInt64, math.MinInt64 + 1})),
	func(n int64) money.Amount { return money.Amount(n) })

// Every amount is read as it was written.
func TestAmountsAreWrittenFaithfully(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyAmount.Draw(t, "amount")
		if got, err := money.Parse(a.String()); err != nil || got != a {
			t.Fatalf("%d is written as %s, which is %d, %v", int64(a), a, int64(got), err)
		}
	})
}

// A sum is that of whole numbers, or does not fit and says so.
func TestPlusIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyAmount.Draw(t, "a"), anyAmount.Draw(t, "b")
		exact := new(big.Int).Add(big.NewInt(int64(a)), big.NewInt(int64(b)))
		switch sum, err := a.Plus(b); {
		case exact.IsInt64() && (err != nil || int64(sum) != exact.Int64()):
			t.Fatalf("%s + %s is %s, %v", a, b, sum, err)
		case !exact.IsInt64() && !errors.Is(err, money.ErrOverflow):
			t.Fatalf("%s + %s is %s, and does not fit", a, b, sum)
		}
	})
}

// A product is that of whole numbers, or does not fit and says so. The least
// amount of all may be said not to fit: its opposite does not.
func TestTimesIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, n := anyAmount.Draw(t, "price"), int64(anyAmount.Draw(t, "quantity"))
		exact := new(big.Int).Mul(big.NewInt(int64(a)), big.NewInt(n))
		fits := exact.IsInt64() && exact.Int64() != math.MinInt64
		switch product, err := a.Times(n); {
		case fits && (err != nil || int64(product) != exact.Int64()):
			t.Fatalf("%d × %s is %s, %v", n, a, product, err)
		case !fits && !errors.Is(err, money.ErrOverflow):
			t.Fatalf("%d × %s is %s, and does not fit", n, a, product)
		}
	})
}

// Money that is moved about is neither more nor less: whatever is taken from one
// account and given to another, or refused, the sum of all stays.
func TestMovementsKeepTheSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		accounts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) money.Amount {
			return money.Amount(rapid.OneOf(rapid.Int64Range(0, 1000), rapid.Int64Range(math.MaxInt64/8, math.MaxInt64/4)).Draw(t, "balance"))
		}), 2, 4).Draw(t, "accounts")
		sum := func() *big.Int {
			s := new(big.Int)
			for _, a := range accounts {
				s.Add(s, big.NewInt(int64(a)))
			}
			return s
		}
		before := sum()
		for range rapid.IntRange(0, 20).Draw(t, "movements") {
			from, to := rapid.IntRange(0, len(accounts)-1).Draw(t, "from"), rapid.IntRange(0, len(accounts)-1).Draw(t, "to")
			if from == to {
				continue
			}
			price, n := money.Amount(rapid.Int64Range(0, math.MaxInt64/4).Draw(t, "price")), rapid.Int64Range(1, 9).Draw(t, "quantity")
			amount, err := price.Times(n)
			if err != nil {
				continue
			}
			taken, err := accounts[from].Plus(-amount)
			if err != nil {
				continue
			}
			given, err := accounts[to].Plus(amount)
			if err != nil {
				continue
			}
			accounts[from], accounts[to] = taken, given
		}
		if after := sum(); after.Cmp(before) != 0 {
			t.Fatalf("%s became %s", before, after)
		}
	})
}
