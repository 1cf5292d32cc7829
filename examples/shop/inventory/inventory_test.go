package inventory

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/shoptest"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/internal/pgtest"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

var server pgtest.Server

func TestMain(m *testing.M) {
	code := m.Run()
	server.Stop()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// shelf is an inventory with 10 of "mug" and 5 of "lamp"; "post" is a fee.
type shelf struct {
	*shoptest.Service
	t      *testing.T
	client inventoryapi.Client
}

func onShelf(t *testing.T, test func(t *testing.T, s shelf)) {
	build := shoptest.Build{Name: Name, Migrations: Migrations, New: New}
	build.OnEach(t, &server, func(t *testing.T, service *shoptest.Service) {
		s := shelf{service, t, inventoryapi.Client{Client: service.Client()}}
		for code, kind := range map[string]string{"mug": catalogapi.Goods, "lamp": catalogapi.Goods, "post": catalogapi.Fee} {
			s.ok(s.Event("catalog", catalogapi.ProductListed, catalogapi.Listed{Code: code, Kind: kind}))
		}
		_, err := s.client.Receive(t.Context(), "", inventoryapi.Receipt{Reference: "start", Lines: []inventoryapi.Line{{Code: "mug", Quantity: 4}, {Code: "lamp", Quantity: 5}, {Code: "mug", Quantity: 6}}})
		s.ok(err)
		test(t, s)
	})
}

func (s shelf) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func order(document string, lines ...inventoryapi.Line) inventoryapi.Order {
	return inventoryapi.Order{Document: document, Lines: lines}
}

func (s shelf) do(typ string, o inventoryapi.Order, outcome, reason string) {
	s.t.Helper()
	reply, err := s.Do(typ, o.Document, typ, o)
	s.ok(err)
	if reply.Outcome != outcome || reply.Reason != reason {
		s.t.Fatalf("%s was answered %+v, want %s %s", typ, reply, outcome, reason)
	}
}

// release takes back what do(Reserve) did in the same step.
func (s shelf) release(o inventoryapi.Order) {
	s.t.Helper()
	reply, err := s.Undo(inventoryapi.Release, o.Document, inventoryapi.Reserve, o)
	s.ok(err)
	if reply.Outcome != "done" {
		s.t.Fatalf("release was answered %+v", reply)
	}
}

// is checks one code's figures and that nothing in the whole stock is unbalanced.
func (s shelf) is(code string, available int64, want inventoryapi.Figures) {
	s.t.Helper()
	got, err := s.client.Stock(s.t.Context(), code)
	s.ok(err)
	if got.Available != available || got.Figures != want {
		s.t.Errorf("%s is %+v, want %d available and %+v", code, got, available, want)
	}
	report, err := s.client.Report(s.t.Context())
	s.ok(err)
	if report.Unbalanced != 0 {
		s.t.Errorf("%d codes do not add up", report.Unbalanced)
	}
}

func TestAnOrderIsReservedAndSold(t *testing.T) {
	onShelf(t, func(t *testing.T, s shelf) {
		o := order("o1", inventoryapi.Line{Code: "mug", Quantity: 2}, inventoryapi.Line{Code: "lamp", Quantity: 5}, inventoryapi.Line{Code: "mug", Quantity: 1})
		s.do(inventoryapi.Reserve, o, "done", "")
		s.is("mug", 7, inventoryapi.Figures{Opening: 10, Reserved: 3})
		s.is("lamp", 0, inventoryapi.Figures{Opening: 5, Reserved: 5})

		s.do(inventoryapi.Reserve, o, "done", "") // the same command again
		s.is("mug", 7, inventoryapi.Figures{Opening: 10, Reserved: 3})

		s.ok(s.Event("order", orderapi.OrderConfirmed, orderapi.Confirmed{Document: "o1", Goods: true}))
		s.is("mug", 7, inventoryapi.Figures{Opening: 10, Sold: 3})

		s.do(inventoryapi.Restock, order("r1", inventoryapi.Line{Code: "lamp", Quantity: 1}, inventoryapi.Line{Code: "lamp", Quantity: 1}), "done", "")
		s.is("lamp", 2, inventoryapi.Figures{Opening: 5, Sold: 5, Returned: 2})

		report, err := s.client.Report(t.Context())
		s.ok(err)
		want := inventoryapi.Report{At: report.At, Codes: 2, Available: 9, Figures: inventoryapi.Figures{Opening: 15, Sold: 8, Returned: 2},
			Reservations: inventoryapi.Reservations{Sold: 1}}
		if report != want {
			t.Errorf("report is %+v, want %+v", report, want)
		}
	})
}

func TestARefusalLeavesNothingBehind(t *testing.T) {
	onShelf(t, func(t *testing.T, s shelf) {
		short := order("o1", inventoryapi.Line{Code: "mug", Quantity: 6}, inventoryapi.Line{Code: "lamp", Quantity: 5}, inventoryapi.Line{Code: "mug", Quantity: 5})
		s.do(inventoryapi.Reserve, short, "rejected", inventoryapi.OutOfStock)
		for _, code := range []string{"desk", "post", "MUG"} {
			s.do(inventoryapi.Reserve, order("o2-"+code, inventoryapi.Line{Code: "lamp", Quantity: 1}, inventoryapi.Line{Code: code, Quantity: 1}), "rejected", inventoryapi.UnknownCode)
		}
		s.is("mug", 10, inventoryapi.Figures{Opening: 10})
		s.is("lamp", 5, inventoryapi.Figures{Opening: 5})

		// The refusal was stored: more stock does not change the answer.
		_, err := s.client.Receive(t.Context(), "", inventoryapi.Receipt{Reference: "more", Lines: []inventoryapi.Line{{Code: "mug", Quantity: 10}}})
		s.ok(err)
		s.do(inventoryapi.Reserve, short, "rejected", inventoryapi.OutOfStock)
		s.release(short)
		s.is("mug", 20, inventoryapi.Figures{Opening: 20})
		report, err := s.client.Report(t.Context())
		s.ok(err)
		if report.Reservations != (inventoryapi.Reservations{}) {
			t.Errorf("refused orders left %+v", report.Reservations)
		}
	})
}

func TestAReservationIsReleasedOnce(t *testing.T) {
	onShelf(t, func(t *testing.T, s shelf) {
		o := order("o1", inventoryapi.Line{Code: "mug", Quantity: 2}, inventoryapi.Line{Code: "lamp", Quantity: 3})
		s.do(inventoryapi.Reserve, o, "done", "")
		s.release(o)
		s.release(o)
		// Another step asks for it as well: nothing is left to put back.
		reply, err := s.Undo(inventoryapi.Release, "o1", "again", o)
		if err != nil || reply.Outcome != "done" {
			t.Errorf("released again: %+v, %v", reply, err)
		}
		s.is("mug", 10, inventoryapi.Figures{Opening: 10})
		s.is("lamp", 5, inventoryapi.Figures{Opening: 5})
		if err := s.Event("order", orderapi.OrderConfirmed, orderapi.Confirmed{Document: "o1", Goods: true}); bailiwick.CodeOf(err) != bailiwick.Conflict {
			t.Errorf("sold what was released: %v", err)
		}
	})
}

func TestAReleaseThatOvertakesItsReservation(t *testing.T) {
	onShelf(t, func(t *testing.T, s shelf) {
		o := order("o1", inventoryapi.Line{Code: "mug", Quantity: 2})
		s.release(o)
		s.do(inventoryapi.Reserve, o, "late", "")
		s.is("mug", 10, inventoryapi.Figures{Opening: 10})

		// The domain alone, without the barrier before it, is right as well.
		s.ok(s.DB.Do(t.Context(), func(tx *store.Tx) error { return release(tx, saga.Command{}, order("o2", o.Lines...)) }))
		s.is("mug", 10, inventoryapi.Figures{Opening: 10})
	})
}

func TestSoldGoodsAreNotReleased(t *testing.T) {
	onShelf(t, func(t *testing.T, s shelf) {
		o := order("o1", inventoryapi.Line{Code: "mug", Quantity: 2})
		s.do(inventoryapi.Reserve, o, "done", "")
		s.ok(s.Event("order", orderapi.OrderConfirmed, orderapi.Confirmed{Document: "o1", Goods: true}))
		if reply, err := s.Undo(inventoryapi.Release, "o1", inventoryapi.Reserve, o); bailiwick.CodeOf(err) != bailiwick.Conflict {
			t.Errorf("released sold goods: %+v, %v", reply, err)
		}
		s.is("mug", 8, inventoryapi.Figures{Opening: 10, Sold: 2})
	})
}

func TestConfirmedOrders(t *testing.T) {
	onShelf(t, func(t *testing.T, s shelf) {
		s.ok(s.Event("order", orderapi.OrderConfirmed, orderapi.Confirmed{Document: "fees-only"}))
		if err := s.Event("order", orderapi.OrderConfirmed, orderapi.Confirmed{Document: "o9", Goods: true}); bailiwick.CodeOf(err) != bailiwick.Conflict {
			t.Errorf("sold what was never reserved: %v", err)
		}
	})
}

func TestAdjustments(t *testing.T) {
	onShelf(t, func(t *testing.T, s shelf) {
		s.do(inventoryapi.Adjust, order("a1", inventoryapi.Line{Code: "mug", Quantity: -4}, inventoryapi.Line{Code: "lamp", Quantity: 2}), "done", "")
		s.is("mug", 6, inventoryapi.Figures{Opening: 10, Adjusted: -4})
		s.is("lamp", 7, inventoryapi.Figures{Opening: 5, Adjusted: 2})
		s.do(inventoryapi.Adjust, order("a2", inventoryapi.Line{Code: "lamp", Quantity: -1}, inventoryapi.Line{Code: "mug", Quantity: -7}), "rejected", inventoryapi.ExceedsStock)
		s.do(inventoryapi.Adjust, order("a3", inventoryapi.Line{Code: "post", Quantity: -1}), "rejected", inventoryapi.UnknownCode)
		s.do(inventoryapi.Adjust, order("a4", inventoryapi.Line{Code: "mug", Quantity: -1 << 63}), "rejected", inventoryapi.ExceedsStock)
		s.do(inventoryapi.Adjust, order("a5", inventoryapi.Line{Code: "mug", Quantity: -6}), "done", "")
		s.is("mug", 0, inventoryapi.Figures{Opening: 10, Adjusted: -10})
		s.is("lamp", 7, inventoryapi.Figures{Opening: 5, Adjusted: 2})
	})
}

func TestRestockingTheUnknownIsAFault(t *testing.T) {
	onShelf(t, func(t *testing.T, s shelf) {
		_, err := s.Do(inventoryapi.Restock, "r1", "restock", order("r1", inventoryapi.Line{Code: "desk", Quantity: 1}))
		if bailiwick.CodeOf(err) != bailiwick.NotFound {
			t.Errorf("restocked: %v", err)
		}
		_, err = s.Do(inventoryapi.Restock, "r2", "restock", order("r2"))
		if bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Errorf("restocked nothing: %v", err)
		}
	})
}

// The tables refuse by themselves what no rule lets through.
func TestChecksAreTheLastDefence(t *testing.T) {
	onShelf(t, func(t *testing.T, s shelf) {
		s.do(inventoryapi.Reserve, order("o1", inventoryapi.Line{Code: "mug", Quantity: 1}), "done", "")
		for _, statement := range []string{
			`UPDATE stock SET available = -1 WHERE code = 'mug'`,
			`INSERT INTO reservation (document, state, at) VALUES ('o1', 'reserved', 0)`,
			`UPDATE reservation SET state = 'lost' WHERE document = 'o1'`,
			`INSERT INTO movement (document, code, kind, quantity) VALUES ('o1', 'mug', 'sale', 1)`,
			`INSERT INTO movement (document, code, kind, quantity) VALUES ('o2', 'mug', 'sale', -1)`,
			`INSERT INTO movement (document, code, kind, quantity) VALUES ('o2', 'mug', 'adjustment', 0)`,
			`INSERT INTO movement (document, code, kind, quantity) VALUES ('o2', 'mug', 'theft', 1)`,
		} {
			err := s.DB.Do(t.Context(), func(tx *store.Tx) error {
				_, err := tx.SQL().Exec(statement)
				return err
			})
			if err == nil {
				t.Errorf("went through: %s", statement)
			}
		}
	})
}

func TestReceipts(t *testing.T) {
	onShelf(t, func(t *testing.T, s shelf) {
		in := inventoryapi.Receipt{Reference: "r1", Lines: []inventoryapi.Line{{Code: "mug", Quantity: 1}, {Code: "mug", Quantity: 2}}}
		for range 2 {
			got, err := s.client.Receive(t.Context(), "key", in)
			if want := (inventoryapi.Received{Reference: "r1", Codes: 1, Units: 3}); err != nil || got != want {
				t.Fatalf("received %+v, %v", got, err)
			}
		}
		s.is("mug", 13, inventoryapi.Figures{Opening: 13})

		in.Lines[0].Quantity = 100
		if _, err := s.client.Receive(t.Context(), "key", in); !web.IsProblem(err, "key_reused") {
			t.Errorf("the key with another body: %v", err)
		}
		if _, err := s.client.Receive(t.Context(), "other", in); !web.IsProblem(err, "conflict") {
			t.Errorf("the reference again: %v", err)
		}
		in = inventoryapi.Receipt{Reference: "r2", Lines: []inventoryapi.Line{{Code: "lamp", Quantity: 1}, {Code: "post", Quantity: 1}}}
		if _, err := s.client.Receive(t.Context(), "third", in); !web.IsProblem(err, inventoryapi.UnknownCode) {
			t.Errorf("stock of a fee: %v", err)
		}
		s.is("mug", 13, inventoryapi.Figures{Opening: 13})
		s.is("lamp", 5, inventoryapi.Figures{Opening: 5})
	})
}

// A receipt's reference is the caller's choice, and may be an order's id as well.
func TestAReceiptIsNoSale(t *testing.T) {
	onShelf(t, func(t *testing.T, s shelf) {
		s.do(inventoryapi.Reserve, order("o1", inventoryapi.Line{Code: "mug", Quantity: 2}), "done", "")
		_, err := s.client.Receive(t.Context(), "", inventoryapi.Receipt{Reference: "o1", Lines: []inventoryapi.Line{{Code: "mug", Quantity: 5}}})
		s.ok(err)
		s.is("mug", 13, inventoryapi.Figures{Opening: 15, Reserved: 2})
		s.release(order("o1", inventoryapi.Line{Code: "mug", Quantity: 2}))
		s.is("mug", 15, inventoryapi.Figures{Opening: 15})
	})
}

func TestBadRequestsStoreNothing(t *testing.T) {
	onShelf(t, func(t *testing.T, s shelf) {
		line := `{"code":"mug","quantity":1}`
		for body, status := range map[string]int{
			`{"reference":"r","lines":[]}`:                                                                 422,
			`{"reference":"r"}`:                                                                            422,
			`{"reference":"","lines":[` + line + `]}`:                                                      422,
			`{"reference":"r","lines":[{"code":"mug","quantity":0}]}`:                                      422,
			`{"reference":"r","lines":[{"code":"mug","quantity":-1}]}`:                                     422,
			`{"reference":"r","lines":[{"code":"mug","quantity":1.5}]}`:                                    422,
			`{"reference":"r","lines":[{"code":"mug","quantity":1000000001}]}`:                             422,
			`{"reference":"r","lines":[` + line + `],"colour":"red"}`:                                      422,
			`{"reference":"r","lines":[` + strings.Repeat(line+",", inventoryapi.MaxReceipt) + line + `]}`: 422,
			`{"reference":`: 400,
			`{"reference":"r","lines":[{"code":"` + strings.Repeat("x", web.MaxBody) + `","quantity":1}]}`: 413,
		} {
			s.Refused(http.MethodPost, "/stock/receipts", body, status)
		}
		s.Refused(http.MethodGet, "/stock/desk", "", 404)
		s.Refused(http.MethodGet, "/stock?limit=0", "", 422)
		s.Refused(http.MethodGet, "/stock?limit=5001", "", 422)
		s.Refused(http.MethodGet, "/stocks", "", 404)
		s.is("mug", 10, inventoryapi.Figures{Opening: 10})
	})
}

func TestStockIsPaged(t *testing.T) {
	onShelf(t, func(t *testing.T, s shelf) {
		s.do(inventoryapi.Reserve, order("o1", inventoryapi.Line{Code: "lamp", Quantity: 2}), "done", "")
		first, err := s.client.List(context.Background(), web.Page{Limit: 1})
		s.ok(err)
		if len(first.Stock) != 1 || first.Stock[0] != (inventoryapi.Stock{Code: "lamp", Available: 3, Figures: inventoryapi.Figures{Opening: 5, Reserved: 2}}) {
			t.Errorf("the first page is %+v", first)
		}
		second, err := s.client.List(context.Background(), web.Page{After: "lamp"})
		s.ok(err)
		if len(second.Stock) != 1 || second.Stock[0].Code != "mug" || second.Stock[0].Available != 10 {
			t.Errorf("the second page is %+v", second)
		}
		_, answer := s.Request(http.MethodGet, "/stock?after=mug", "", nil)
		if strings.TrimSpace(answer) != `{"stock":[]}` {
			t.Errorf("the last page is %s", answer)
		}
	})
}

func TestTheAPIDescribesItself(t *testing.T) {
	onShelf(t, func(t *testing.T, s shelf) {
		status, answer := s.Request(http.MethodGet, "/openapi.json", "", nil)
		for _, part := range []string{`"openapi":"3.1`, `/stock/receipts`, `Idempotency-Key`, `"available"`} {
			if status != 200 || !strings.Contains(answer, part) {
				t.Errorf("%d: the description lacks %s", status, part)
			}
		}
	})
}
