package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/retail"
	"github.com/bailiwick/bailiwick/examples/shop/user/userapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

// portion is how many products, customers or stock lines go into one request.
const portion = 1000

// setup fills the catalog, registers the customers and puts the opening stock on
// the shelves. All of it has fixed Idempotency-Keys: done again it does nothing, and
// done with other terms it is refused before anything changes.
type setup struct {
	persistence
	clients *shop.Clients
	rest    *rest
	terms   terms
}

// run returns the opening stock by code.
func (s *setup) run(ctx context.Context, in *retail.Inspection) (map[string]int64, error) {
	if err := s.products(ctx, in.Products()); err != nil {
		return nil, err
	}
	if err := s.customers(ctx, in.Customers()); err != nil {
		return nil, err
	}
	// Stock is refused for codes that the inventory has not heard of, and orders
	// for customers that the order and payment services have not.
	if err := s.rest.heard(ctx, "catalog", "user"); err != nil {
		return nil, err
	}
	return s.stock(ctx, in.Products())
}

func (s *setup) products(ctx context.Context, all []retail.Product) error {
	n := 0
	for part := range slices.Chunk(all, portion) {
		n++
		products := make([]catalogapi.Product, len(part))
		for i, p := range part {
			products[i] = catalogapi.Product{Code: p.Code, Description: p.Description, Kind: catalogapi.Goods, Price: int64(p.Price), Currency: orderapi.Currency}
			if p.Fee {
				products[i].Kind = catalogapi.Fee
			}
		}
		err := s.do(ctx, func() error {
			_, err := s.clients.Catalog.Import(ctx, key("catalog", n), catalogapi.Import{Products: products})
			return err
		})
		if err != nil {
			return refused("fill the catalog", "file", err)
		}
	}
	return nil
}

func (s *setup) customers(ctx context.Context, all []retail.Customer) error {
	n := 0
	for part := range slices.Chunk(all, portion) {
		n++
		customers := make([]userapi.Customer, len(part))
		for i, c := range part {
			customers[i] = userapi.Customer{ID: c.ID, Country: c.Country, CreditLimit: s.terms.credit, Currency: orderapi.Currency}
		}
		err := s.do(ctx, func() error {
			_, err := s.clients.User.Import(ctx, key("customers", n), userapi.Import{Customers: customers})
			return err
		})
		if err != nil {
			return refused("register the customers", "file or credit", err)
		}
	}
	return nil
}

func (s *setup) stock(ctx context.Context, all []retail.Product) (map[string]int64, error) {
	opening := make(map[string]int64, len(all))
	var lines []inventoryapi.Line
	for _, p := range all {
		quantity, err := s.terms.opening(p)
		if err != nil {
			return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: "replay: stock " + p.Code, Err: err, Do: "ask for less stock"}
		}
		if quantity > 0 {
			opening[p.Code] = quantity
			lines = append(lines, inventoryapi.Line{Code: p.Code, Quantity: quantity})
		}
	}
	n := 0
	for part := range slices.Chunk(lines, portion) {
		n++
		receipt := inventoryapi.Receipt{Reference: key("opening", n), Lines: part}
		err := s.do(ctx, func() error {
			_, err := s.clients.Inventory.Receive(ctx, key("opening", n), receipt)
			return err
		})
		if err != nil {
			return nil, refused("put the opening stock on the shelves", "file or stock", err)
		}
	}
	return opening, nil
}

func key(what string, n int) string { return fmt.Sprintf("replay-%s-%d", what, n) }

var errOtherTerms = errors.New("the shop was set up by a replay on other terms")

// refused tells of a set-up that failed; what names the terms that it depends on.
func refused(doing, what string, err error) error {
	op := "replay: " + doing
	if web.IsProblem(err, string(bailiwick.KeyReused)) {
		return &bailiwick.Error{Code: bailiwick.Conflict, Op: op, Err: errOtherTerms,
			Do: "replay with the same " + what + " as before, or into a new directory"}
	}
	return failed(op, err)
}

// failed gives an error of a client the code that fits it.
func failed(op string, err error) error {
	code := bailiwick.CodeOf(err)
	var p *web.Problem
	if errors.As(err, &p) {
		code = bailiwick.Invalid
		if p.Status >= 500 {
			code = bailiwick.Unavailable
		}
	}
	return &bailiwick.Error{Code: code, Op: op, Err: err}
}
