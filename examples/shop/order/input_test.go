package order_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

func TestBadInputStoresNothing(t *testing.T) {
	s := openShop(t)
	order := func(change string) string { // a good order, with one part replaced
		good := map[string]string{"reference": `"536365"`, "customer": `"ada"`, "country": `"France"`, "currency": `"GBP"`,
			"lines": `[{"code":"MUG","quantity":1,"unit_price":2550}]`}
		name, value, _ := strings.Cut(change, "=")
		good[name] = value
		var members []string
		for name, value := range good {
			members = append(members, `"`+name+`":`+value)
		}
		return "{" + strings.Join(members, ",") + "}"
	}
	cases := []struct {
		name, path, body string
		status           int
	}{
		{"an unknown code", "/orders", order(`lines=[{"code":"CUP","quantity":1,"unit_price":1}]`), 422},
		{"a code in the wrong case", "/orders", order(`lines=[{"code":"Mug","quantity":1,"unit_price":1}]`), 422},
		{"an unknown customer", "/orders", order(`customer="eve"`), 422},
		{"an unknown customer's return", "/returns", order(`customer="eve"`), 422},
		{"a negative quantity", "/orders", order(`lines=[{"code":"MUG","quantity":-1,"unit_price":1}]`), 422},
		{"a quantity of zero", "/returns", order(`lines=[{"code":"MUG","quantity":0,"unit_price":1}]`), 422},
		{"a quantity that is no integer", "/orders", order(`lines=[{"code":"MUG","quantity":1.5,"unit_price":1}]`), 422},
		{"a price that is a text", "/orders", order(`lines=[{"code":"MUG","quantity":1,"unit_price":"2.55"}]`), 422},
		{"another currency", "/orders", order(`currency="EUR"`), 422},
		{"no currency", "/adjustments", `{"reference":"1","lines":[{"code":"MUG","quantity":-1,"unit_price":0}]}`, 422},
		{"no lines", "/orders", order(`lines=[]`), 422},
		{"lines that are null", "/orders", order(`lines=null`), 422},
		{"too many lines", "/orders", order(`lines=[` + strings.Repeat(`{"code":"MUG","quantity":1,"unit_price":1},`, 5000) + `{"code":"MUG","quantity":1,"unit_price":1}]`), 422},
		{"a positive adjustment", "/adjustments", `{"reference":"1","currency":"GBP","lines":[{"code":"MUG","quantity":1,"unit_price":0}]}`, 422},
		{"an unknown field", "/orders", order(`colour="red"`), 422},
		{"an unknown field in a line", "/orders", order(`lines=[{"code":"MUG","quantity":1,"unit_price":1,"colour":"red"}]`), 422},
		{"an adjustment with a customer", "/adjustments", order(`lines=[{"code":"MUG","quantity":-1,"unit_price":0}]`), 422},
		{"malformed JSON", "/orders", `{"reference":`, 422},
		{"more than one value", "/orders", order(`country="France"`) + `{}`, 422},
		{"a list", "/orders", `[]`, 422},
		{"no body", "/orders", ``, 400},
		{"an oversized body", "/orders", order(`reference="` + strings.Repeat("x", 1<<20) + `"`), 413},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			problem := s.refused(t, c.path, "key of "+c.name, c.body)
			if problem.Status != c.status {
				t.Errorf("%d %s, wanted %d", problem.Status, problem.Error(), c.status)
			}
		})
	}
	s.storesNothing()
}

// refused posts a body and returns the problem it is answered with.
func (s *shop) refused(t *testing.T, path, key, body string) *web.Problem {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://order"+path, strings.NewReader(body))
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	resp, err := s.client.HTTP.Do(req)
	must(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	must(t, err)
	if resp.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("answered %d with %s: %s", resp.StatusCode, resp.Header.Get("Content-Type"), text)
	}
	problem := &web.Problem{}
	must(t, json.Unmarshal(text, problem))
	if problem.Code == "" || problem.Status != resp.StatusCode {
		t.Errorf("answered %d with the problem %s", resp.StatusCode, text)
	}
	return problem
}

func (s *shop) storesNothing() {
	s.t.Helper()
	r, err := s.client.Report(s.t.Context())
	must(s.t, err)
	if r.TotalLines != 0 || len(r.Documents) != 0 {
		s.t.Errorf("something was stored: %+v", r)
	}
	s.settle()
	if len(s.cast.asked) != 0 {
		s.t.Errorf("the others saw %q", s.cast.asked)
	}
}

func TestAKeyStandsForOneRequest(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		one := placed("ada", line("MUG", 1, 1000))
		first, err := s.client.PlaceOrder(t.Context(), "k", 0, one)
		must(t, err)
		s.settle()

		again, err := s.client.PlaceOrder(t.Context(), "k", 0, one)
		must(t, err)
		if again.ID != first.ID || again.Status != orderapi.StatusConfirmed {
			t.Errorf("the repeat is answered with %+v, the first was %s", again, first.ID)
		}
		_, err = s.client.PlaceOrder(t.Context(), "k", 0, placed("ada", line("MUG", 2, 1000)))
		if !web.IsProblem(err, "key_reused") {
			t.Errorf("another body under the same key: %v", err)
		}
		other, err := s.client.LodgeReturn(t.Context(), "k", 0, orderapi.LodgeReturn(one))
		must(t, err)
		if other.ID == first.ID {
			t.Error("a return under the key of an order is that order")
		}
		s.settle()
		page, err := s.client.Documents(t.Context(), web.Page{})
		must(t, err)
		if len(page.Documents) != 2 {
			t.Errorf("there are %d documents", len(page.Documents))
		}
	})
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	s := openShop(t)
	sale := s.sold("ada", line("MUG", 1, 1000))
	if _, err := s.client.Return(t.Context(), sale.ID); !web.IsProblem(err, "not_found") {
		t.Errorf("an order shown as a return: %v", err)
	}
	if _, err := s.client.Order(t.Context(), "nothing"); !web.IsProblem(err, "not_found") {
		t.Errorf("an order that is not there: %v", err)
	}
	if _, err := s.client.Saga(t.Context(), "nothing"); !web.IsProblem(err, "not_found") {
		t.Errorf("a saga that is not there: %v", err)
	}
}
