package notification

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/notification/notificationapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/shoptest"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/internal/pgtest"
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

func onEach(t *testing.T, test func(t *testing.T, s *shoptest.Service, client notificationapi.Client)) {
	build := shoptest.Build{Name: Name, Migrations: Migrations, New: New}
	build.OnEach(t, &server, func(t *testing.T, s *shoptest.Service) { test(t, s, notificationapi.Client{Client: s.Client()}) })
}

func TestWhatCustomersRead(t *testing.T) {
	now := time.UnixMilli(1323431400000)
	for kind, text := range map[string]string{
		notificationapi.Confirmation:   "Your order d1 is confirmed.",
		notificationapi.ReturnAccepted: "Your return d1 is accepted and refunded.",
	} {
		got, err := commanded(notificationapi.Notification{Document: "d1", Customer: "ann", Kind: kind}, now)
		want := notificationapi.Notice{ID: "d1/" + kind, Document: "d1", Kind: kind, Customer: "ann", Text: text, At: now.UTC()}
		if err != nil || got != want {
			t.Errorf("the notice is %+v, %v; want %+v", got, err, want)
		}
	}
	for _, kind := range []string{"", notificationapi.Rejection, "birthday"} {
		if got, err := commanded(notificationapi.Notification{Document: "d1", Kind: kind}, now); bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Errorf("a command for %q made %+v, %v", kind, got, err)
		}
	}
	got := ofRejection(orderapi.Rejected{Document: "d1", Reason: "out-of-stock"}, now)
	if got.Text != "Your order d1 was refused: out of stock." || got.Kind != notificationapi.Rejection {
		t.Errorf("the notice is %+v", got)
	}
}

func TestAPageBeginsAfterAnID(t *testing.T) {
	for id, want := range map[string][2]string{
		"":                {"", ""},
		"d1":              {"d1", ""},
		"d1/confirmation": {"d1", "confirmation"},
		"a/b/rejection":   {"a/b", "rejection"},
	} {
		if document, kind := place(id); document != want[0] || kind != want[1] {
			t.Errorf("%q is after %q, %q", id, document, kind)
		}
	}
}

func sent(t *testing.T, s *shoptest.Service, n notificationapi.Notification) {
	t.Helper()
	reply, err := s.Do(notificationapi.Send, n.Document, "notify", n)
	if err != nil || reply.Outcome != "done" {
		t.Fatalf("sent: %+v, %v", reply, err)
	}
}

func TestAnOrderIsConfirmedOnce(t *testing.T) {
	onEach(t, func(t *testing.T, s *shoptest.Service, client notificationapi.Client) {
		n := notificationapi.Notification{Document: "o1", Customer: "ann", Kind: notificationapi.Confirmation}
		sent(t, s, n)
		sent(t, s, n) // the same command again
		if _, err := s.Do(notificationapi.Send, "o1", "notify-again", n); err == nil {
			t.Error("a second confirmation went through")
		}
		if _, err := s.Do(notificationapi.Send, "o2", "notify", notificationapi.Notification{Document: "o2", Kind: notificationapi.Rejection}); bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Errorf("a rejection on command: %v", err)
		}
		page, err := client.Document(t.Context(), "o1")
		if err != nil || len(page.Notices) != 1 || page.Notices[0].Customer != "ann" || page.Notices[0].At.IsZero() {
			t.Errorf("the notices are %+v, %v", page, err)
		}
	})
}

func TestARejectionIsToldBecauseItHappened(t *testing.T) {
	onEach(t, func(t *testing.T, s *shoptest.Service, client notificationapi.Client) {
		event := orderapi.Rejected{Document: "o1", Reason: "credit-limit"}
		if err := s.Event("order", orderapi.OrderRejected, event); err != nil {
			t.Fatal(err)
		}
		if err := s.Event("order", orderapi.OrderRejected, event); err == nil {
			t.Error("a second rejection went through")
		}
		page, err := client.Document(t.Context(), "o1")
		if err != nil || len(page.Notices) != 1 || page.Notices[0].Text != "Your order o1 was refused: credit limit." {
			t.Errorf("the notices are %+v, %v", page, err)
		}
	})
}

func TestFiguresAndPages(t *testing.T) {
	onEach(t, func(t *testing.T, s *shoptest.Service, client notificationapi.Client) {
		sent(t, s, notificationapi.Notification{Document: "o1", Kind: notificationapi.Confirmation})
		sent(t, s, notificationapi.Notification{Document: "o2", Kind: notificationapi.Confirmation})
		sent(t, s, notificationapi.Notification{Document: "r1", Kind: notificationapi.ReturnAccepted})
		if err := s.Event("order", orderapi.OrderRejected, orderapi.Rejected{Document: "o1", Reason: "test"}); err != nil {
			t.Fatal(err)
		}
		report, err := client.Report(t.Context())
		want := notificationapi.Report{At: report.At, Confirmations: 2, ReturnsAccepted: 1, Rejections: 1}
		if err != nil || report != want {
			t.Errorf("the report is %+v, %v; want %+v", report, err, want)
		}
		var ids []string
		after := ""
		for range 5 {
			page, err := client.Notices(t.Context(), web.Page{After: after, Limit: 1})
			if err != nil {
				t.Fatal(err)
			}
			if len(page.Notices) == 0 {
				break
			}
			after = page.Notices[0].ID
			ids = append(ids, after)
		}
		if got := strings.Join(ids, " "); got != "o1/confirmation o1/rejection o2/confirmation r1/return-accepted" {
			t.Errorf("the pages hold %s", got)
		}
		if _, answer := s.Request(http.MethodGet, "/notices/o9", "", nil); strings.TrimSpace(answer) != `{"notices":[]}` {
			t.Errorf("no notices are %s", answer)
		}
	})
}

func TestBadRequests(t *testing.T) {
	onEach(t, func(t *testing.T, s *shoptest.Service, _ notificationapi.Client) {
		s.Refused(http.MethodGet, "/notices?limit=0", "", 422)
		s.Refused(http.MethodGet, "/notice", "", 404)
		status, answer := s.Request(http.MethodGet, "/openapi.json", "", nil)
		for _, part := range []string{`"openapi":"3.1`, `/notices/{document}`, `"return-accepted"`} {
			if status != 200 || !strings.Contains(answer, part) {
				t.Errorf("%d: the description lacks %s", status, part)
			}
		}
	})
}
