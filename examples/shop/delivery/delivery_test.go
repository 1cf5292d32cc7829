package delivery

import (
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/delivery/deliveryapi"
	"github.com/bailiwick/bailiwick/examples/shop/shoptest"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/internal/pgtest"
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

func onEach(t *testing.T, test func(t *testing.T, s *shoptest.Service, client deliveryapi.Client)) {
	build := shoptest.Build{Name: Name, Migrations: Migrations, New: New}
	build.OnEach(t, &server, func(t *testing.T, s *shoptest.Service) { test(t, s, deliveryapi.Client{Client: s.Client()}) })
}

func TestAPlanNeedsSomethingAndSomewhere(t *testing.T) {
	now := time.Date(2011, 12, 9, 12, 50, 0, 123456789, time.FixedZone("", 3600))
	got, err := plan(deliveryapi.Consignment{Document: "o1", Customer: "ann", Country: "France", Items: 3}, now)
	want := deliveryapi.Delivery{Document: "o1", Customer: "ann", Country: "France", Items: 3, State: "scheduled",
		At: time.Date(2011, 12, 9, 11, 50, 0, 123000000, time.UTC)}
	if err != nil || got != want {
		t.Errorf("planned %+v, %v; want %+v", got, err, want)
	}
	for _, c := range []deliveryapi.Consignment{
		{Country: "France", Items: 3},
		{Document: "o1", Items: 3},
		{Document: "o1", Country: "France"},
		{Document: "o1", Country: "France", Items: -1},
	} {
		if d, err := plan(c, now); bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Errorf("planned %+v: %+v, %v", c, d, err)
		}
	}
}

func scheduled(t *testing.T, s *shoptest.Service, c deliveryapi.Consignment) {
	t.Helper()
	reply, err := s.Do(deliveryapi.Schedule, c.Document, "deliver", c)
	if err != nil || reply.Outcome != "done" {
		t.Fatalf("scheduled: %+v, %v", reply, err)
	}
}

func TestAnOrderIsDeliveredOnce(t *testing.T) {
	onEach(t, func(t *testing.T, s *shoptest.Service, client deliveryapi.Client) {
		c := deliveryapi.Consignment{Document: "o1", Customer: "ann", Country: "France", Items: 3}
		scheduled(t, s, c)
		scheduled(t, s, c) // the same command again
		if _, err := s.Do(deliveryapi.Schedule, "o1", "deliver-again", c); err == nil {
			t.Error("an order was delivered twice")
		}
		if _, err := s.Do(deliveryapi.Schedule, "o2", "deliver", deliveryapi.Consignment{Document: "o2", Country: "France"}); bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Errorf("nothing was delivered: %v", err)
		}
		got, err := client.Delivery(t.Context(), "o1")
		want := deliveryapi.Delivery{Document: "o1", Customer: "ann", Country: "France", Items: 3, State: "scheduled", At: got.At}
		if err != nil || got != want || got.At.IsZero() {
			t.Errorf("the delivery is %+v, %v", got, err)
		}
		if _, err := client.Delivery(t.Context(), "o2"); !web.IsProblem(err, "not_found") {
			t.Errorf("no delivery is %v", err)
		}
	})
}

func TestFiguresAndPages(t *testing.T) {
	onEach(t, func(t *testing.T, s *shoptest.Service, client deliveryapi.Client) {
		for _, c := range []deliveryapi.Consignment{
			{Document: "o1", Customer: "ann", Country: "France", Items: 3},
			{Document: "o2", Country: "EIRE", Items: 5},
			{Document: "o3", Country: "France", Items: 4},
		} {
			scheduled(t, s, c)
		}
		report, err := client.Report(t.Context())
		want := deliveryapi.Report{At: report.At, Deliveries: 3, Items: 12,
			Countries: []deliveryapi.Country{{Country: "EIRE", Deliveries: 1, Items: 5}, {Country: "France", Deliveries: 2, Items: 7}}}
		if err != nil || !reflect.DeepEqual(report, want) {
			t.Errorf("the report is %+v, %v; want %+v", report, err, want)
		}
		first, err := client.Deliveries(t.Context(), web.Page{Limit: 2})
		if err != nil || len(first.Deliveries) != 2 || first.Deliveries[1].Document != "o2" || first.Deliveries[1].Customer != "" {
			t.Errorf("the first page is %+v, %v", first, err)
		}
		second, err := client.Deliveries(t.Context(), web.Page{After: "o2"})
		if err != nil || len(second.Deliveries) != 1 || second.Deliveries[0].Document != "o3" {
			t.Errorf("the second page is %+v, %v", second, err)
		}
		if _, answer := s.Request(http.MethodGet, "/deliveries?after=o3", "", nil); strings.TrimSpace(answer) != `{"deliveries":[]}` {
			t.Errorf("the last page is %s", answer)
		}
	})
}

func TestAnEmptyReport(t *testing.T) {
	onEach(t, func(t *testing.T, s *shoptest.Service, _ deliveryapi.Client) {
		_, answer := s.Request(http.MethodGet, "/report", "", nil)
		if !strings.Contains(answer, `"deliveries":0,"items":0,"countries":[]`) {
			t.Errorf("the report is %s", answer)
		}
	})
}

func TestChecksAreTheLastDefence(t *testing.T) {
	onEach(t, func(t *testing.T, s *shoptest.Service, _ deliveryapi.Client) {
		for _, values := range []string{
			`('o1', NULL, '', 1, 'scheduled', 0)`,
			`('o1', NULL, 'France', 0, 'scheduled', 0)`,
			`('o1', NULL, 'France', 1, 'lost', 0)`,
		} {
			err := s.DB.Do(t.Context(), func(tx *store.Tx) error {
				_, err := tx.SQL().Exec(`INSERT INTO delivery (document, customer, country, items, state, at) VALUES ` + values)
				return err
			})
			if err == nil {
				t.Errorf("went through: %s", values)
			}
		}
	})
}

func TestBadRequests(t *testing.T) {
	onEach(t, func(t *testing.T, s *shoptest.Service, _ deliveryapi.Client) {
		s.Refused(http.MethodGet, "/deliveries/o9", "", 404)
		s.Refused(http.MethodGet, "/deliveries?limit=0", "", 422)
		s.Refused(http.MethodGet, "/deliveries?page=2", "", 422)
		status, answer := s.Request(http.MethodGet, "/openapi.json", "", nil)
		for _, part := range []string{`"openapi":"3.1`, `/deliveries/{document}`, `"items"`} {
			if status != 200 || !strings.Contains(answer, part) {
				t.Errorf("%d: the description lacks %s", status, part)
			}
		}
	})
}
