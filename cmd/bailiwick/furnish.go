package main

import (
	"context"
	"errors"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

// goods are what an empty shop sells.
var goods = []catalogapi.Product{
	{Code: "22423", Description: "Regency cakestand 3 tier", Kind: catalogapi.Goods, Price: 12750, Currency: "GBP"},
	{Code: "85123A", Description: "White hanging heart T-light holder", Kind: catalogapi.Goods, Price: 2550, Currency: "GBP"},
}

// furnish returns something that can be ordered. It puts goods into an empty shop;
// called again after an interruption it does what is missing. A shop that holds
// other goods, from a replay, is left as it is.
func furnish(ctx context.Context, clients *shop.Clients) (catalogapi.Product, error) {
	some, err := clients.Catalog.Products(ctx, web.Page{Limit: len(goods) + 1})
	if err != nil {
		return catalogapi.Product{}, err
	}
	if len(some.Products) > len(goods) {
		return inStock(ctx, clients)
	}
	if _, err := clients.Catalog.Import(ctx, "demo", catalogapi.Import{Products: goods}); err != nil {
		return catalogapi.Product{}, err
	}
	receipt := inventoryapi.Receipt{Reference: "demo"}
	for _, p := range goods {
		receipt.Lines = append(receipt.Lines, inventoryapi.Line{Code: p.Code, Quantity: 1000})
	}
	for {
		_, err := clients.Inventory.Receive(ctx, "demo", receipt)
		var problem *web.Problem
		if !errors.As(err, &problem) || problem.Code != inventoryapi.UnknownCode {
			return goods[0], err
		}
		select {
		case <-time.After(2 * time.Millisecond): // the catalog's message is on its way
		case <-ctx.Done():
			return catalogapi.Product{}, ctx.Err()
		}
	}
}

// inStock finds a product that can be ordered.
func inStock(ctx context.Context, clients *shop.Clients) (catalogapi.Product, error) {
	page := web.Page{Limit: web.DefaultPage}
	for {
		list, err := clients.Inventory.List(ctx, page)
		if err != nil {
			return catalogapi.Product{}, err
		}
		for _, s := range list.Stock {
			if s.Available > 0 {
				return clients.Catalog.Product(ctx, s.Code)
			}
		}
		if len(list.Stock) < page.Limit {
			return catalogapi.Product{}, &bailiwick.Error{Code: bailiwick.NotFound, Op: "demo: find goods",
				Err: errors.New("everything is sold out"), Do: "begin with another --data directory"}
		}
		page.After = list.Stock[len(list.Stock)-1].Code
	}
}
