package user

import "github.com/bailiwick/bailiwick/examples/shop/user/userapi"

// same says whether registering b where a stands would change nothing, so that
// nobody needs to hear of it.
func same(a, b userapi.Customer) bool {
	if (a.CreditLimit == nil) != (b.CreditLimit == nil) {
		return false
	}
	if a.CreditLimit != nil && *a.CreditLimit != *b.CreditLimit {
		return false
	}
	return a.ID == b.ID && a.Name == b.Name && a.Country == b.Country && a.Currency == b.Currency
}

// registered is what the others hear of a customer: not the name, which nobody
// needs.
func registered(c userapi.Customer) userapi.Registered {
	return userapi.Registered{ID: c.ID, Country: c.Country, CreditLimit: c.CreditLimit, Currency: c.Currency}
}
