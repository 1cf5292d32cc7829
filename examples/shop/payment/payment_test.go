package payment

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/bailiwicktest"
	"github.com/bailiwick/bailiwick/examples/shop/payment/paymentapi"
	"github.com/bailiwick/bailiwick/examples/shop/shoptest"
	"github.com/bailiwick/bailiwick/examples/shop/user/userapi"
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

// till is a payment service with customer "ann", who may owe 1000, "bob", who may
// owe anything, and "eve", whose account is kept in another currency.
type till struct {
	*shoptest.Service
	t      *testing.T
	client paymentapi.Client
}

func onTill(t *testing.T, test func(t *testing.T, s till)) {
	build := shoptest.Build{Name: Name, Migrations: Migrations, New: New}
	build.OnEach(t, &server, func(t *testing.T, service *shoptest.Service) {
		s := till{service, t, paymentapi.Client{Client: service.Client()}}
		limit := int64(1000)
		s.register(userapi.Registered{ID: "ann", CreditLimit: &limit, Currency: "GBP"})
		s.register(userapi.Registered{ID: "bob", Currency: "GBP"})
		s.register(userapi.Registered{ID: "eve", Currency: "EUR"})
		test(t, s)
	})
}

func (s till) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s till) register(u userapi.Registered) {
	s.t.Helper()
	s.ok(s.Event("user", userapi.UserRegistered, u))
}

func (s till) answered(typ, document string, data any, outcome, reason string) {
	s.t.Helper()
	reply, err := s.Do(typ, document, typ, data)
	s.ok(err)
	if reply.Outcome != outcome || reply.Reason != reason {
		s.t.Fatalf("%s of %s was answered %+v, want %s %s", typ, document, reply, outcome, reason)
	}
}

func of(document, customer string, amount int64) paymentapi.Authorisation {
	return paymentapi.Authorisation{Document: document, Customer: customer, Amount: amount, Currency: "GBP"}
}

func (s till) authorise(a paymentapi.Authorisation, outcome, reason string) {
	s.t.Helper()
	s.answered(paymentapi.Authorise, a.Document, a, outcome, reason)
}

// void takes back what authorise did in the same step.
func (s till) void(a paymentapi.Authorisation) (bailiwicktest.Reply, error) {
	s.t.Helper()
	return s.Undo(paymentapi.Void, a.Document, paymentapi.Authorise, a)
}

func (s till) capture(document string) {
	s.t.Helper()
	s.answered(paymentapi.Capture, document, paymentapi.Collection{Document: document}, "done", "")
}

func (s till) refund(document, customer, outcome, reason string, parts ...paymentapi.Part) {
	s.t.Helper()
	s.answered(paymentapi.Refund, document, paymentapi.Repayment{Document: document, Customer: customer, Currency: "GBP", Parts: parts}, outcome, reason)
}

// owes checks a balance, and that nothing in the whole service is unbalanced.
func (s till) owes(customer string, balance int64) {
	s.t.Helper()
	a, err := s.client.Account(s.t.Context(), customer)
	s.ok(err)
	if a.Balance != balance {
		s.t.Errorf("%s owes %d, want %d", customer, a.Balance, balance)
	}
	r, err := s.client.Report(s.t.Context())
	s.ok(err)
	if r.Unbalanced != 0 {
		s.t.Errorf("%d accounts and payments do not add up", r.Unbalanced)
	}
}

func (s till) is(document, state string, captures, captured, refunded int64) {
	s.t.Helper()
	p, err := s.client.Payment(s.t.Context(), document)
	s.ok(err)
	if p.State != state || p.Captures != captures || p.Captured != captured || p.Refunded != refunded {
		s.t.Errorf("payment is %+v, want %s, %d captures of %d, %d refunded", p, state, captures, captured, refunded)
	}
}

func TestAnOrderIsPaid(t *testing.T) {
	onTill(t, func(t *testing.T, s till) {
		a := of("o1", "ann", 600)
		s.authorise(a, "done", "")
		s.authorise(a, "done", "") // the same command again
		s.owes("ann", 600)
		s.is("o1", paymentapi.Authorised, 0, 0, 0)
		s.capture("o1")
		s.capture("o1") // the same command again
		s.owes("ann", 600)
		s.is("o1", paymentapi.Captured, 1, 600, 0)
	})
}

func TestTheCreditLimitHolds(t *testing.T) {
	onTill(t, func(t *testing.T, s till) {
		s.authorise(of("o1", "ann", 600), "done", "")
		s.authorise(of("o2", "ann", 401), "rejected", paymentapi.CreditLimit)
		s.authorise(of("o3", "ann", 400), "done", "")
		s.owes("ann", 1000)

		// What is given back can be spent again, and a higher limit counts at once.
		reply, err := s.void(of("o1", "ann", 600))
		if err != nil || reply.Outcome != "done" {
			t.Fatalf("voided: %+v, %v", reply, err)
		}
		s.is("o1", paymentapi.Voided, 0, 0, 0)
		s.authorise(of("o4", "ann", 601), "rejected", paymentapi.CreditLimit)
		limit := int64(2000)
		s.register(userapi.Registered{ID: "ann", CreditLimit: &limit, Currency: "EUR"}) // what is owed keeps its currency
		s.authorise(of("o5", "ann", 1600), "done", "")
		s.owes("ann", 2000)
		s.authorise(of("o6", "bob", 1<<50), "done", "")

		if _, err := s.client.Payment(t.Context(), "o2"); !web.IsProblem(err, "not_found") {
			t.Errorf("a refused order has a payment: %v", err)
		}
	})
}

func TestWhoIsNotAuthorised(t *testing.T) {
	onTill(t, func(t *testing.T, s till) {
		s.authorise(of("o2", "eve", 1), "rejected", paymentapi.WrongCurrency)
		for document, customer := range map[string]string{"o3": "", "o4": "eve", "o5": "bob"} {
			foreign := of(document, customer, 1)
			foreign.Currency = "EUR"
			s.authorise(foreign, "rejected", paymentapi.WrongCurrency)
		}
		if _, err := s.Do(paymentapi.Authorise, "o6", "authorise", of("o6", "ann", -1)); bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Errorf("a negative amount: %v", err)
		}
		page, err := s.client.Payments(t.Context(), web.Page{})
		if err != nil || len(page.Payments) != 0 {
			t.Errorf("refusals left %+v, %v", page, err)
		}
	})
}

// The order service may know a customer before this one does. The command then
// fails, so that the follower tries it again, and is not answered with a refusal.
func TestTheAccountMayComeLater(t *testing.T) {
	onTill(t, func(t *testing.T, s till) {
		order := of("o1", "zoe", 1)
		if _, err := s.Do(paymentapi.Authorise, "o1", paymentapi.Authorise, order); bailiwick.CodeOf(err) != bailiwick.NotFound {
			t.Fatalf("without an account: %v", err)
		}
		s.register(userapi.Registered{ID: "zoe", Currency: "GBP"})
		s.authorise(order, "done", "")
		s.owes("zoe", 1)
	})
}

func TestGuestsPayByCard(t *testing.T) {
	onTill(t, func(t *testing.T, s till) {
		s.authorise(of("o1", "", 1<<50), "done", "")
		s.capture("o1")
		s.is("o1", paymentapi.Captured, 1, 1<<50, 0)
		s.authorise(of("o2", "", 5), "done", "")
		_, err := s.void(of("o2", "", 5))
		s.ok(err)
		s.is("o2", paymentapi.Voided, 0, 0, 0)
		s.owes("ann", 0)
	})
}

func TestNothingIsCapturedOnceToo(t *testing.T) {
	onTill(t, func(t *testing.T, s till) {
		s.authorise(of("o1", "ann", 0), "done", "")
		s.capture("o1")
		s.is("o1", paymentapi.Captured, 1, 0, 0)
		s.refund("r1", "ann", "done", "", paymentapi.Part{Document: "o1"})
		s.refund("r2", "ann", "done", "") // nothing to give back at all
		s.is("o1", paymentapi.Captured, 1, 0, 0)
		s.owes("ann", 0)
	})
}

func TestAVoidThatOvertakesItsAuthorisation(t *testing.T) {
	onTill(t, func(t *testing.T, s till) {
		a := of("o1", "ann", 600)
		_, err := s.void(a)
		s.ok(err)
		s.authorise(a, "late", "")
		s.owes("ann", 0)

		// The domain alone, without the barrier before it, is right as well.
		s.ok(s.DB.Do(t.Context(), func(tx *store.Tx) error { return void(tx, saga.Command{}, of("o2", "ann", 5)) }))
		s.owes("ann", 0)
	})
}

func TestMoneyIsTakenOnceAndNeverVoided(t *testing.T) {
	onTill(t, func(t *testing.T, s till) {
		faulty := func(what string, err error) {
			t.Helper()
			if bailiwick.CodeOf(err) != bailiwick.Conflict {
				t.Errorf("%s: %v", what, err)
			}
		}
		a := of("o1", "ann", 600)
		s.authorise(a, "done", "")
		s.capture("o1")
		_, err := s.Do(paymentapi.Capture, "o1", "capture-again", paymentapi.Collection{Document: "o1"})
		faulty("captured twice", err)
		_, err = s.void(a)
		faulty("voided what was captured", err)
		_, err = s.Do(paymentapi.Capture, "o9", "capture", paymentapi.Collection{Document: "o9"})
		faulty("captured what was never authorised", err)

		b := of("o2", "ann", 100)
		s.authorise(b, "done", "")
		_, err = s.void(b)
		s.ok(err)
		_, err = s.Do(paymentapi.Capture, "o2", "capture", paymentapi.Collection{Document: "o2"})
		faulty("captured what was voided", err)
		if reply, err := s.Undo(paymentapi.Void, "o2", "void-again", b); err != nil || reply.Outcome != "done" {
			t.Errorf("voided again: %+v, %v", reply, err)
		}
		s.is("o1", paymentapi.Captured, 1, 600, 0)
		s.is("o2", paymentapi.Voided, 0, 0, 0)
		s.owes("ann", 600)
	})
}

func TestARefundOverSeveralOrders(t *testing.T) {
	onTill(t, func(t *testing.T, s till) {
		for document, amount := range map[string]int64{"o1": 300, "o2": 500} {
			s.authorise(of(document, "ann", amount), "done", "")
			s.capture(document)
		}
		s.authorise(of("o3", "bob", 50), "done", "")
		s.capture("o3")
		s.authorise(of("o4", "ann", 10), "done", "")

		part := func(document string, amount int64) paymentapi.Part {
			return paymentapi.Part{Document: document, Amount: amount}
		}
		s.refund("r1", "ann", "done", "", part("o2", 100), part("o1", 300), part("o2", 50))
		s.refund("r1", "ann", "done", "", part("o2", 100), part("o1", 300), part("o2", 50)) // the same command again
		s.is("o1", paymentapi.Captured, 1, 300, 300)
		s.is("o2", paymentapi.Captured, 1, 500, 150)
		s.owes("ann", 360)

		// All parts or none.
		s.refund("r2", "ann", "rejected", paymentapi.ExceedsCaptured, part("o2", 1), part("o1", 1))
		s.refund("r3", "ann", "rejected", paymentapi.ExceedsCaptured, part("o2", 200), part("o2", 151))
		s.refund("r4", "ann", "rejected", paymentapi.NotCaptured, part("o2", 1), part("o4", 1))
		s.refund("r5", "ann", "rejected", paymentapi.NotCaptured, part("o2", 1), part("o9", 1))
		s.refund("r6", "ann", "rejected", paymentapi.WrongCustomer, part("o2", 1), part("o3", 1))
		s.answered(paymentapi.Refund, "r7", paymentapi.Repayment{Document: "r7", Customer: "ann", Currency: "EUR", Parts: []paymentapi.Part{part("o2", 1)}},
			"rejected", paymentapi.WrongCurrency)
		if _, err := s.Do(paymentapi.Refund, "r8", "refund", paymentapi.Repayment{Document: "r8", Customer: "ann", Currency: "GBP", Parts: []paymentapi.Part{part("o2", -1)}}); bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Errorf("a negative refund: %v", err)
		}
		s.is("o2", paymentapi.Captured, 1, 500, 150)
		s.owes("ann", 360)

		s.refund("r9", "ann", "done", "", part("o2", 350))
		s.owes("ann", 10)
		r, err := s.client.Report(t.Context())
		s.ok(err)
		want := paymentapi.Report{At: r.At, Currency: "GBP", Captured: 850, Captures: 3, Refunded: 800, Refunds: 3, Open: 10,
			Payments: paymentapi.Payments{Authorised: 1, Captured: 3}, Accounts: 3, Balance: 60}
		if r != want {
			t.Errorf("report is %+v, want %+v", r, want)
		}
	})
}

// The tables refuse by themselves what no rule lets through, and the report sees
// what was changed behind the service's back.
func TestChecksAreTheLastDefence(t *testing.T) {
	onTill(t, func(t *testing.T, s till) {
		s.authorise(of("o1", "ann", 100), "done", "")
		s.authorise(of("o2", "ann", 100), "done", "")
		s.capture("o1")
		run := func(statement string) error {
			return s.DB.Do(t.Context(), func(tx *store.Tx) error {
				_, err := tx.SQL().Exec(statement)
				return err
			})
		}
		for _, statement := range []string{
			`UPDATE account SET balance = -1 WHERE customer = 'ann'`,
			`UPDATE account SET credit_limit = -1 WHERE customer = 'ann'`,
			`UPDATE payment SET refunded = 101 WHERE document = 'o1'`,
			`UPDATE payment SET refunded = 1 WHERE document = 'o2'`,
			`UPDATE payment SET state = 'lost' WHERE document = 'o2'`,
			`INSERT INTO ledger_entry (document, kind, id, amount, currency, at) VALUES ('o1', 'capture', 'o1', 100, 'GBP', 0)`,
			`INSERT INTO ledger_entry (document, kind, id, amount, currency, at) VALUES ('o1', 'capture', 'x', 100, 'GBP', 0)`,
			`INSERT INTO ledger_entry (document, kind, id, amount, currency, at) VALUES ('o1', 'refund', 'r1', -1, 'GBP', 0)`,
		} {
			if run(statement) == nil {
				t.Errorf("went through: %s", statement)
			}
		}
		s.owes("ann", 200)
		for i, statement := range []string{
			`UPDATE account SET balance = balance + 1 WHERE customer = 'bob'`,
			`UPDATE payment SET state = 'captured' WHERE document = 'o2'`,
			`INSERT INTO ledger_entry (document, kind, id, amount, currency, at) VALUES ('o1', 'refund', 'r1', 1, 'GBP', 0)`,
		} {
			s.ok(run(statement))
			r, err := s.client.Report(t.Context())
			s.ok(err)
			if r.Unbalanced <= int64(i) {
				t.Errorf("%d unbalanced after %s", r.Unbalanced, statement)
			}
		}
	})
}

func TestPaymentsArePaged(t *testing.T) {
	onTill(t, func(t *testing.T, s till) {
		for _, document := range []string{"o1", "o2", "o3"} {
			s.authorise(of(document, "ann", 10), "done", "")
			s.capture(document)
		}
		first, err := s.client.Payments(t.Context(), web.Page{Limit: 2})
		s.ok(err)
		if len(first.Payments) != 2 || first.Payments[1].Document != "o2" || first.Payments[1].Captured != 10 {
			t.Errorf("the first page is %+v", first)
		}
		second, err := s.client.Payments(t.Context(), web.Page{After: "o2"})
		s.ok(err)
		if len(second.Payments) != 1 || second.Payments[0].Document != "o3" || second.Payments[0].Customer != "ann" {
			t.Errorf("the second page is %+v", second)
		}
		_, answer := s.Request(http.MethodGet, "/payments?after=o3", "", nil)
		if strings.TrimSpace(answer) != `{"payments":[]}` {
			t.Errorf("the last page is %s", answer)
		}
	})
}

func TestBadRequests(t *testing.T) {
	onTill(t, func(t *testing.T, s till) {
		s.Refused(http.MethodGet, "/payments/o9", "", 404)
		s.Refused(http.MethodGet, "/accounts/zoe", "", 404)
		s.Refused(http.MethodGet, "/payments?limit=5001", "", 422)
		s.Refused(http.MethodGet, "/payments?limit=x", "", 422)
		s.Refused(http.MethodPost, "/payments", `{}`, 404)
		_, answer := s.Request(http.MethodGet, "/accounts/bob", "", nil)
		if strings.TrimSpace(answer) != `{"customer":"bob","balance":0,"credit_limit":null,"currency":"GBP"}` {
			t.Errorf("an account without limit is %s", answer)
		}
		status, answer := s.Request(http.MethodGet, "/openapi.json", "", nil)
		for _, part := range []string{`"openapi":"3.1`, `/accounts/{customer}`, `"credit_limit"`} {
			if status != 200 || !strings.Contains(answer, part) {
				t.Errorf("%d: the description lacks %s", status, part)
			}
		}
	})
}
