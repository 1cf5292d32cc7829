package payment

import (
	"github.com/bailiwick/bailiwick/examples/shop/money"
	"github.com/bailiwick/bailiwick/examples/shop/payment/paymentapi"
	"github.com/bailiwick/bailiwick/saga"
)

// account is what a customer owes, and may owe.
type account struct {
	customer string
	limit    *money.Amount // nil is without limit
	balance  money.Amount  // open authorisations + captured - refunded
	currency money.Currency
}

// authorise refuses an amount that the account cannot bear. The limit itself may
// be reached. A limit that was lowered below the balance refuses everything, even
// nothing.
func (a *account) authorise(amount money.Amount, currency money.Currency) error {
	if currency != a.currency {
		return saga.Reject(paymentapi.WrongCurrency, "the account is kept in %s, the order is in %s", a.currency, currency)
	}
	balance, err := a.balance.Plus(amount)
	if err != nil {
		return saga.Reject(paymentapi.CreditLimit, "%s more than the %s owed: %v", amount, a.balance, err)
	}
	if a.limit != nil && balance > *a.limit {
		return saga.Reject(paymentapi.CreditLimit, "%s owed, %s more asked for, %s allowed", a.balance, amount, *a.limit)
	}
	return nil
}
