package replay_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/replay"
	"github.com/bailiwick/bailiwick/examples/shop/shoptest"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run replays and requires that the reconciliation is exact.
func run(t testing.TB, opts replay.Options) *replay.Report {
	t.Helper()
	r, err := replay.Run(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Exact {
		print(t, r)
		t.Fatal("the services do not agree")
	}
	return r
}

// TestUnlimitedEqualsTheOracle: with unlimited stock and credit a replay comes to
// what the CSV alone says, however many documents are in flight.
func TestUnlimitedEqualsTheOracle(t *testing.T) {
	text := file(t, 11, 300)
	want := foretell(t, text)
	for _, parallel := range []int{1, 16, 64} {
		t.Run(fmt.Sprint("parallel=", parallel), func(t *testing.T) {
			s := start(t, t.TempDir())
			r := run(t, replay.Options{Open: opener(text), Clients: s.clients, Stock: "unlimited", Credit: "unlimited", Parallel: parallel})
			want.compare(t, observe(t, s.clients, r))
			if r.Run.ConfirmP50 <= 0 || r.Run.ConfirmP99 < r.Run.ConfirmP50 || r.Run.OrdersPerSecond <= 0 || r.Run.Parallel != parallel {
				t.Errorf("figures of the run: %+v", r.Run)
			}
		})
	}
}

// TestScarcity: with nine tenths of the stock and a credit limit, orders fail for
// every reason there is, and the figures agree all the same.
func TestScarcity(t *testing.T) {
	for _, parallel := range []int{1, 64} {
		s := start(t, t.TempDir())
		r := run(t, replay.Options{Open: opener(file(t, uint64(parallel), 250)), Clients: s.clients, Parallel: parallel})
		reasons := map[string]bool{}
		for _, l := range r.Lines {
			reasons[l.Reason] = true
		}
		for _, reason := range []string{"out-of-stock", "credit-limit", "exceeds-stock", "negative-price", "no-earlier-sale"} {
			if !reasons[reason] {
				t.Errorf("parallel %d: nothing was refused for %s", parallel, reason)
			}
		}
	}
}

// TestCustomersKeepTheirOrder: each customer's documents were taken in the order of
// the file, though many customers were served at once.
func TestCustomersKeepTheirOrder(t *testing.T) {
	s := start(t, t.TempDir())
	text := file(t, 5, 250)
	run(t, replay.Options{Open: opener(text), Clients: s.clients})
	got := map[string][]string{}
	page, err := s.clients.Order.Documents(t.Context(), web.Page{Limit: web.MaxPage})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range page.Documents {
		if d.Customer != "" {
			got[d.Customer] = append(got[d.Customer], d.Reference)
		}
	}
	last := map[string]int{} // invoice → its last line
	for i, line := range strings.Split(string(text), "\n") {
		last[strings.Split(line, ",")[0]] = i
	}
	if len(got) < 20 {
		t.Fatalf("only %d customers", len(got))
	}
	for customer, references := range got {
		if !slices.IsSortedFunc(references, func(a, b string) int { return last[a] - last[b] }) {
			t.Errorf("customer %s: %v", customer, references)
		}
	}
}

// TestFaultyFileChangesNothing: a fault on the last line is found before anything is
// done about the first.
func TestFaultyFileChangesNothing(t *testing.T) {
	s := start(t, t.TempDir())
	good := file(t, 2, 60)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(good); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	lines := bytes.Count(good, []byte("\n"))
	for name, bad := range map[string][]byte{
		"short line":   append(slices.Clone(good), "581587,22138\n"...),
		"four decimal": append(slices.Clone(good), "581587,22138,BOX,1,2011-12-09 12:50:00,4.9511,12680.0,France\n"...),
		"cut gzip":     packed.Bytes()[:packed.Len()-20],
		"header":       []byte("a,b\n"),
	} {
		_, err := replay.Run(t.Context(), replay.Options{Open: opener(bad), Clients: s.clients})
		if bailiwick.CodeOf(err) != bailiwick.Invalid || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%s: %v", name, err)
		}
		if name == "short line" && !strings.Contains(err.Error(), fmt.Sprint("line ", lines+1)) {
			t.Errorf("%s: %v; want line %d", name, err, lines+1)
		}
	}
	listed, err := s.clients.Catalog.Report(t.Context())
	if err != nil || listed.Goods+listed.Fees != 0 {
		t.Errorf("the catalog holds %+v, %v", listed, err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, opts := range []replay.Options{{Stock: "most"}, {Stock: "-1"}, {Stock: "1001"}, {Stock: "0.12345"}, {Credit: "lots"}, {Credit: "-0.001"}} {
		opts.Open = opener(nil)
		if _, err := replay.Run(t.Context(), opts); bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Errorf("%q %q: %v", opts.Stock, opts.Credit, err)
		}
	}
	missing := func() (io.ReadCloser, error) { return nil, os.ErrNotExist }
	if _, err := replay.Run(t.Context(), replay.Options{Open: missing}); bailiwick.CodeOf(err) != bailiwick.NotFound || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// interrupter ends a context when the progress has come to so many lines.
type interrupter struct {
	cancel context.CancelFunc
	at     int
}

func (i *interrupter) Write(p []byte) (int, error) {
	var lines int
	if n, _ := fmt.Sscanf(string(p), "replay: %d of", &lines); n == 1 && lines >= i.at {
		i.cancel()
	}
	return len(p), nil
}

// TestResume: interrupted in the middle, with the shop stopped and started again, a
// replay goes on and ends as if nothing had happened.
func TestResume(t *testing.T) {
	text := file(t, 11, 300)
	dir := t.TempDir()
	opts := replay.Options{Open: opener(text), Stock: "unlimited", Credit: "unlimited", Every: 100}
	for _, at := range []int{300, 900} {
		s := start(t, dir)
		ctx, cancel := context.WithCancel(t.Context())
		opts.Clients, opts.Progress = s.clients, &interrupter{cancel, at}
		_, err := replay.Run(ctx, opts)
		if bailiwick.CodeOf(err) != bailiwick.Unavailable || !errors.Is(err, context.Canceled) {
			t.Fatalf("interrupted at %d: %v", at, err)
		}
		cancel()
		s.stop()
	}
	s := start(t, dir)
	opts.Clients, opts.Progress = s.clients, nil
	r := run(t, opts)
	foretell(t, text).compare(t, observe(t, s.clients, r))
	if r.Run.Repeated == 0 || r.Run.Repeated >= r.Run.Documents {
		t.Errorf("%d of %d documents were there before", r.Run.Repeated, r.Run.Documents)
	}
	if again := run(t, opts); again.Run.Repeated != again.Run.Documents {
		t.Errorf("done again: %d of %d documents were there before", again.Run.Repeated, again.Run.Documents)
	}
}

// TestOtherTermsAreRefused: a shop keeps the terms it was set up with.
func TestOtherTermsAreRefused(t *testing.T) {
	s := start(t, t.TempDir())
	same := replay.Options{Open: opener(file(t, 1, 60)), Clients: s.clients, Stock: "0.9", Credit: "20000"}
	before := run(t, same)
	for name, change := range map[string]func(*replay.Options){
		"stock":  func(o *replay.Options) { o.Stock = "1" },
		"credit": func(o *replay.Options) { o.Credit = "unlimited" },
		"file":   func(o *replay.Options) { o.Open = opener(file(t, 2, 60)) },
	} {
		other := same
		change(&other)
		if _, err := replay.Run(t.Context(), other); bailiwick.CodeOf(err) != bailiwick.Conflict || !strings.Contains(err.Error(), "new directory") {
			t.Errorf("other %s: %v", name, err)
		}
	}
	if after := run(t, same); !slices.Equal(before.Lines, after.Lines) {
		t.Errorf("the refused replays changed something: %+v, before %+v", after.Lines, before.Lines)
	}
}

// flaky loses requests before they arrive, and answers after they took effect, and
// now and then answers 503 itself.
type flaky struct {
	sound http.RoundTripper
	n     atomic.Int64
}

func (f *flaky) RoundTrip(r *http.Request) (*http.Response, error) {
	switch n := f.n.Add(1); {
	case n%7 == 0:
		return nil, errors.New("the request was lost")
	case n%11 == 0:
		answer, err := f.sound.RoundTrip(r)
		if err == nil {
			answer.Body.Close()
			err = errors.New("the answer was lost")
		}
		return nil, err
	case n%13 == 0:
		return &http.Response{StatusCode: http.StatusServiceUnavailable, Status: "503 busy", Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	}
	return f.sound.RoundTrip(r)
}

// TestLostAnswers: whatever is lost on the way is sent again and takes effect once.
// Only reading a list stops a replay, so the reconciliation runs on a sound line.
func TestLostAnswers(t *testing.T) {
	s := start(t, t.TempDir())
	text := file(t, 3, 150)
	opts := replay.Options{Open: opener(text), Stock: "unlimited", Credit: "unlimited"}
	opts.Clients = shop.Connect("http://shop", &http.Client{Transport: &flaky{sound: s.transport}})
	if _, err := replay.Run(t.Context(), opts); err != nil && !strings.Contains(err.Error(), "list the") && !strings.Contains(err.Error(), "ask for") && !strings.Contains(err.Error(), "read return") {
		t.Fatal(err)
	}
	opts.Clients = s.clients
	r := run(t, opts)
	if r.Run.Repeated != r.Run.Documents {
		t.Errorf("only %d of %d documents were sent over the bad line", r.Run.Repeated, r.Run.Documents)
	}
	foretell(t, text).compare(t, observe(t, s.clients, r))
}

// TestUnavailableForGood: a replay gives up when a service does not come back.
func TestUnavailableForGood(t *testing.T) {
	down := web.Transport{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })}
	opts := replay.Options{Open: opener(file(t, 1, 60)), Clients: shop.Connect("http://shop", &http.Client{Transport: down}), Patience: 30 * time.Millisecond}
	if _, err := replay.Run(t.Context(), opts); bailiwick.CodeOf(err) != bailiwick.Unavailable {
		t.Errorf("%v", err)
	}
}

// stuck makes confirmed orders look pending, and their sagas parked.
type stuck struct{ sound http.RoundTripper }

func (s stuck) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := s.sound.RoundTrip(r)
	if err != nil || !strings.HasPrefix(r.URL.Path, "/order/") {
		return answer, err
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	body = bytes.Replace(body, []byte(`"status":"CONFIRMED"`), []byte(`"status":"PENDING"`), 1)
	body = bytes.Replace(body, []byte(`"state":"completed"`), []byte(`"state":"parked","reason":"the lorry broke down"`), 1)
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}

// TestParkedSagaStopsTheReplay: what waits for a person is not waited for.
func TestParkedSagaStopsTheReplay(t *testing.T) {
	s := start(t, t.TempDir())
	opts := replay.Options{Open: opener(file(t, 1, 60)), Clients: shop.Connect("http://shop", &http.Client{Transport: stuck{s.transport}})}
	if _, err := replay.Run(t.Context(), opts); bailiwick.CodeOf(err) != bailiwick.Parked || !strings.Contains(err.Error(), "the lorry broke down") {
		t.Errorf("%v", err)
	}
}

// liar changes an answer to some requests; of the shop's status all of them.
type liar struct {
	sound    http.RoundTripper
	path     string // of the answers that are changed
	old, new string // in the first of them that holds old
	told     atomic.Bool
}

func (l *liar) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := l.sound.RoundTrip(r)
	if err != nil || r.Method != http.MethodGet || !strings.HasPrefix(r.URL.Path, l.path) {
		return answer, err
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	text := string(body)
	if strings.Contains(text, l.old) && (l.told.CompareAndSwap(false, true) || l.path == "/status") {
		text = strings.Replace(text, l.old, l.new, 1)
	}
	answer.Body = io.NopCloser(strings.NewReader(text))
	return answer, nil
}

// TestEveryFaultIsFound gives the reconciliation one wrong answer at a time, and
// requires that the right check says so.
func TestEveryFaultIsFound(t *testing.T) {
	s := start(t, t.TempDir())
	opts := replay.Options{Open: opener(file(t, 1, 60)), Clients: s.clients, Patience: 200 * time.Millisecond}
	run(t, opts)
	for _, c := range []struct{ path, old, new, check string }{
		{"/order/report", `"total_lines":`, `"total_lines":1`, "order: lines"},
		{"/order/report", `"total_amount":`, `"total_amount":1`, "order: amount of all lines"},
		{"/order/report", `"outcome":"sold","lines":`, `"outcome":"sold","lines":1`, "order: lines by outcome"},
		{"/order/report", `"outcome":"adjusted"`, `"outcome":"pending"`, "order: lines without an outcome"},
		{"/order/report", `"reason":"negative-price"`, `"reason":"odd"`, "order: lines refused for a negative price"},
		{"/order/documents", `"reference":"A`, `"reference":"X`, "order: documents missing"},
		{"/order/documents", `"reference":"A`, `"reference":"X`, "order: documents not in the file"},
		{"/order/documents", `"status":"ACCEPTED"`, `"status":"PENDING"`, "order: documents undecided"},
		{"/order/documents", `"total":0,`, `"total":1,`, "order: documents with another total"},
		{"/payment/report", `"captured":`, `"captured":1`, "payment: captured - refunded = confirmed orders - accepted returns"},
		{"/payment/report", `"refunded":`, `"refunded":1`, "payment: refunded"},
		{"/payment/report", `"unbalanced":0`, `"unbalanced":1`, "payment: accounts and payments out of balance"},
		{"/payment/payments", `"captures":1`, `"captures":2`, "payment: orders not paid exactly once if confirmed, else not at all"},
		{"/order/documents", `"status":"CONFIRMED"`, `"status":"REJECTED"`, "payment: orders not paid exactly once if confirmed, else not at all"},
		{"/payment/payments", `"captured":`, `"captured":1`, "payment: captured, by payment and by ledger"},
		{"/delivery/deliveries", `{"document":"`, `{"document":"x`, "delivery: orders not delivered exactly once if confirmed with goods, else not at all"},
		{"/notification/notices", `"kind":"confirmation"`, `"kind":"rejection"`, "notification: documents not told of exactly once"},
		{"/inventory/stock", `"available":`, `"available":1`, "inventory: codes where opening - sold + returned ± adjusted is not on hand"},
		{"/inventory/stock", `"available":`, `"available":-1`, "inventory: codes below nothing"},
		{"/inventory/stock", `"reserved":0`, `"reserved":1`, "inventory: codes with a reservation left"},
		{"/inventory/stock", `"opening":`, `"opening":1`, "inventory: codes with another opening stock"},
		{"/inventory/stock", `"sold":`, `"sold":1`, "inventory: units sold"},
		{"/inventory/report", `"reservations":{"reserved":0`, `"reservations":{"reserved":1`, "inventory: reservations left"},
		{"/status", `"parked":0}],"sagas"`, `"parked":1}],"sagas"`, "all: messages parked"},
		{"/status", `"running":0`, `"running":1`, "all: sagas in flight"},
		{"/status", `"service":"user"`, `"service":"user"},{"service":"other"`, "all: services"},
	} {
		lie := &liar{sound: s.transport, path: c.path, old: c.old, new: c.new}
		opts.Clients = shop.Connect("http://shop", &http.Client{Transport: lie})
		r, err := replay.Run(t.Context(), opts)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, check := range r.Checks {
			found = found || check.Name == c.check && !check.OK
		}
		if !lie.told.Load() || !found || r.Exact {
			t.Errorf("%s %s: told %v, found %v, exact %v", c.path, c.new, lie.told.Load(), found, r.Exact)
		}
	}
}

// restless says of the first looks at the shop that a saga is on its way.
type restless struct {
	sound http.RoundTripper
	looks atomic.Int64
}

func (r *restless) RoundTrip(req *http.Request) (*http.Response, error) {
	answer, err := r.sound.RoundTrip(req)
	if err != nil || req.URL.Path != "/status" {
		return answer, err
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if r.looks.Add(1) < 20 {
		body = bytes.Replace(body, []byte(`"running":0`), []byte(`"running":1`), 1)
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}

// TestReconcilesOnlyAtRest: while a saga is on its way nothing is compared.
func TestReconcilesOnlyAtRest(t *testing.T) {
	s := start(t, t.TempDir())
	clients := shop.Connect("http://shop", &http.Client{Transport: &restless{sound: s.transport}})
	run(t, replay.Options{Open: opener(file(t, 1, 60)), Clients: clients})
}

// TestForeignOrderIsFound: what somebody else orders in the same shop is not in the
// file.
func TestForeignOrderIsFound(t *testing.T) {
	s := start(t, t.TempDir())
	opts := replay.Options{Open: opener(file(t, 1, 60)), Clients: s.clients}
	run(t, opts)
	if _, err := s.clients.Order.PlaceOrder(t.Context(), "", 10*time.Second, orderapi.PlaceOrder{Reference: "by hand", Country: "France", Currency: "GBP",
		Lines: []orderapi.Line{{Code: "POST", Quantity: 1, UnitPrice: 18000}}}); err != nil {
		t.Fatal(err)
	}
	r, err := replay.Run(t.Context(), opts)
	if err != nil || r.Exact {
		t.Errorf("exact: %v, %v", r != nil && r.Exact, err)
	}
}

func TestProgress(t *testing.T) {
	s := start(t, t.TempDir())
	text := file(t, 1, 60)
	var plain bytes.Buffer
	r := run(t, replay.Options{Open: opener(text), Clients: s.clients, Progress: &plain, Every: 100})
	var told []string
	for line := range strings.SplitSeq(plain.String(), "\n") {
		if strings.Contains(line, " of ") {
			told = append(told, line)
		}
	}
	before := 0
	for _, line := range told {
		var lines, of, documents int
		if _, err := fmt.Sscanf(line, "replay: %d of %d lines, %d documents", &lines, &of, &documents); err != nil || of != r.File.Lines || lines < before || documents == 0 {
			t.Errorf("%q: %v", line, err)
		}
		before = lines
	}
	if before != r.File.Lines || len(told) < 3 {
		t.Errorf("%d lines of progress, the last at %d of %d", len(told), before, r.File.Lines)
	}
	var bar bytes.Buffer
	run(t, replay.Options{Open: opener(text), Clients: s.clients, Progress: &bar, Terminal: true})
	if !strings.Contains(bar.String(), "\r") || strings.Contains(bar.String(), " of ") {
		t.Errorf("no bar in %q", bar.String())
	}
}

// TestLargeFile replays a large file, the real one where that is present: once on
// scarce stock, and once unlimited to compare with the oracle.
func TestLargeFile(t *testing.T) {
	large := shoptest.NewLargeFile(t)
	text, err := os.ReadFile(large.Path)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("scarce", func(t *testing.T) {
		r := run(t, replay.Options{Open: opener(text), Clients: start(t, t.TempDir()).clients})
		got := fmt.Sprint(r.File.Lines, " ", r.File.Amount, " ", r.File.Invoices)
		if large.Real && got != "541909 9747747.934 25900" || r.File.Lines != large.Lines {
			t.Errorf("the file holds %s", got)
		}
		print(t, r)
	})
	t.Run("unlimited", func(t *testing.T) {
		s := start(t, t.TempDir())
		r := run(t, replay.Options{Open: opener(text), Clients: s.clients, Stock: "unlimited", Credit: "unlimited"})
		foretell(t, text).compare(t, observe(t, s.clients, r))
	})
}
