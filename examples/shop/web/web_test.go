package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

type parcel struct {
	Name   string `json:"name" minLength:"1"`
	Weight int64  `json:"weight" minimum:"1"`
	Limit  *int64 `json:"limit,omitempty" nullable:"true"`
}

type sent struct{ Body parcel }

// parcels is a small API: one operation checked by its schema, one by its domain
// alone, and failures of each kind.
func parcels(t *testing.T) http.Handler {
	t.Helper()
	api, handler := web.New("Parcels", "For tests.")
	echo := func(_ context.Context, in *struct{ Body parcel }) (*sent, error) { return &sent{in.Body}, nil }
	huma.Register(api, huma.Operation{OperationID: "send", Method: http.MethodPost, Path: "/parcels"}, echo)
	huma.Register(api, huma.Operation{OperationID: "send-fast", Method: http.MethodPost, Path: "/fast", SkipValidateBody: true}, echo)
	huma.Register(api, huma.Operation{OperationID: "fail", Method: http.MethodGet, Path: "/fail/{code}"},
		func(_ context.Context, in *struct {
			Code string `path:"code"`
		}) (*sent, error) {
			return nil, web.Fail(&bailiwick.Error{Code: bailiwick.Code(in.Code), Op: "test: fail", Err: errors.New("secret of the house")})
		})
	huma.Register(api, huma.Operation{OperationID: "list", Method: http.MethodGet, Path: "/parcels"},
		func(_ context.Context, in *struct{ web.Page }) (*sent, error) {
			return &sent{parcel{Name: in.After, Weight: int64(in.Limit)}}, nil
		})
	return handler
}

func Example() {
	api, handler := web.New("Greetings", "Says hello.")
	type greeting struct {
		Body struct {
			Text string `json:"text"`
		}
	}
	huma.Register(api, huma.Operation{OperationID: "greet", Method: http.MethodGet, Path: "/hello/{name}"},
		func(_ context.Context, in *struct {
			Name string `path:"name"`
		}) (*greeting, error) {
			if in.Name == "nobody" {
				return nil, web.Fail(&bailiwick.Error{Code: bailiwick.NotFound, Op: "greet: " + in.Name})
			}
			out := &greeting{}
			out.Body.Text = "Hello, " + in.Name
			return out, nil
		})

	client := web.Client{Base: "http://greetings", HTTP: &http.Client{Transport: web.Transport{Handler: handler}}}
	var answer struct{ Text string }
	err := client.Do(context.Background(), http.MethodGet, "/hello/Ada", nil, nil, &answer)
	fmt.Println(answer.Text, err)
	err = client.Do(context.Background(), http.MethodGet, "/hello/nobody", nil, nil, &answer)
	fmt.Println(web.IsProblem(err, "not_found"))
	// Output:
	// Hello, Ada <nil>
	// true
}

func post(h http.Handler, path, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	h.ServeHTTP(w, r)
	return w
}

func TestBadBodiesAreProblems(t *testing.T) {
	h := parcels(t)
	for _, c := range []struct {
		name, body string
		path       string
		status     int
	}{
		{"unknown field", `{"name":"a","weight":1,"colour":"red"}`, "/parcels", 422},
		{"unknown field, unchecked", `{"name":"a","weight":1,"colour":"red"}`, "/fast", 422},
		{"malformed", `{"name":`, "/parcels", 400},
		{"malformed, unchecked", `{"name":`, "/fast", 422},
		{"malformed and long", `{"name":"` + strings.Repeat("a", 10_000), "/parcels", 400},
		{"malformed and long, unchecked", `{"name":"` + strings.Repeat("a", 10_000), "/fast", 422},
		{"trailing", `{"name":"a","weight":1} {}`, "/parcels", 400},
		{"trailing, unchecked", `{"name":"a","weight":1} {}`, "/fast", 422},
		{"fraction", `{"name":"a","weight":1.5}`, "/parcels", 422},
		{"fraction, unchecked", `{"name":"a","weight":1.5}`, "/fast", 422},
		{"too small", `{"name":"a","weight":0}`, "/parcels", 422},
		{"missing", `{"name":"a"}`, "/parcels", 422},
		{"empty", ``, "/parcels", 400},
		{"oversized", `{"name":"` + strings.Repeat("a", web.MaxBody) + `","weight":1}`, "/parcels", 413},
		{"oversized, unchecked", `{"name":"` + strings.Repeat("a", web.MaxBody) + `","weight":1}`, "/fast", 413},
		{"no such path", `{}`, "/letters", 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := post(h, c.path, c.body)
			var p web.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatalf("%v in %q", err, w.Body)
			}
			if w.Code != c.status || p.Status != c.status || p.Code == "" || p.Title == "" {
				t.Errorf("status %d, %+v; want %d", w.Code, p, c.status)
			}
			if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
				t.Errorf("content type %q", ct)
			}
			if w.Body.Len() > 2000 {
				t.Errorf("the answer echoes the request: %d bytes", w.Body.Len())
			}
		})
	}
}

func TestGoodBodyComesBackWithoutNoise(t *testing.T) {
	for _, path := range []string{"/parcels", "/fast"} {
		w := post(parcels(t), path, `{"name":"<a>","weight":2,"limit":null}`)
		if got := strings.TrimSpace(w.Body.String()); w.Code != 200 || got != `{"name":"<a>","weight":2}` {
			t.Errorf("%s: %d %s", path, w.Code, got)
		}
	}
}

func TestFail(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })

	client := web.Client{Base: "http://parcels", HTTP: &http.Client{Transport: web.Transport{Handler: parcels(t)}}}
	for code, status := range map[bailiwick.Code]int{
		bailiwick.Invalid: 422, bailiwick.NotFound: 404, bailiwick.KeyReused: 422, bailiwick.Conflict: 409,
		bailiwick.Unavailable: 503, bailiwick.Unknown: 503, bailiwick.Internal: 500, bailiwick.Forked: 500,
	} {
		log.Reset()
		err := client.Do(context.Background(), http.MethodGet, "/fail/"+string(code), nil, nil, nil)
		var p *web.Problem
		if !errors.As(err, &p) || p.Status != status {
			t.Errorf("%s: %v, want status %d", code, err, status)
			continue
		}
		if tells := strings.Contains(p.Detail, "secret"); tells != (status < 500) {
			t.Errorf("%s: detail %q", code, p.Detail)
		}
		if logs := strings.Contains(log.String(), "secret"); logs != (status >= 500) {
			t.Errorf("%s: log %q", code, log.String())
		}
	}
	if web.Fail(nil) != nil {
		t.Error("nil became an error")
	}
}

func TestClientTellsWhatIsUnknown(t *testing.T) {
	gone := web.Client{Base: "http://127.0.0.1:1"}
	ctx := context.Background()
	if err := gone.Do(ctx, http.MethodGet, "/parcels", nil, nil, nil); bailiwick.CodeOf(err) != bailiwick.Unavailable {
		t.Errorf("GET: %v", err)
	}
	if err := gone.Do(ctx, http.MethodPost, "/parcels", nil, parcel{Name: "a"}, nil); bailiwick.CodeOf(err) != bailiwick.Unknown {
		t.Errorf("POST: %v", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	here := web.Client{Base: "http://parcels", HTTP: &http.Client{Transport: web.Transport{Handler: parcels(t)}}}
	if err := here.Do(cancelled, http.MethodGet, "/parcels", nil, nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "bad gateway", http.StatusBadGateway) }))
	defer proxy.Close()
	between := web.Client{Base: proxy.URL}
	if err := between.Do(ctx, http.MethodGet, "/", nil, nil, nil); !web.IsProblem(err, string(bailiwick.Unknown)) {
		t.Errorf("proxy: %v", err)
	}
}

func TestPages(t *testing.T) {
	client := web.Client{Base: "http://parcels", HTTP: &http.Client{Transport: web.Transport{Handler: parcels(t)}}}
	var got parcel
	if err := client.Do(context.Background(), http.MethodGet, "/parcels"+web.Page{After: "a b&c", Limit: 7}.Query(), nil, nil, &got); err != nil || got.Name != "a b&c" || got.Weight != 7 {
		t.Errorf("%+v, %v", got, err)
	}
	if err := client.Do(context.Background(), http.MethodGet, "/parcels"+web.Page{}.Query(), nil, nil, &got); err != nil || got.Weight != web.DefaultPage {
		t.Errorf("default: %+v, %v", got, err)
	}
	for _, query := range []string{"?limit=0", "?limit=5001", "?limit=x", "?page=2"} {
		if err := client.Do(context.Background(), http.MethodGet, "/parcels"+query, nil, nil, nil); !web.IsProblem(err, "invalid") {
			t.Errorf("%s: %v", query, err)
		}
	}
}

func TestDocument(t *testing.T) {
	w := httptest.NewRecorder()
	parcels(t).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	var doc struct {
		OpenAPI    string
		Paths      map[string]any
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1.") || doc.Paths["/parcels"] == nil || doc.Components.Schemas["ErrorModel"].Properties["code"] == nil {
		t.Errorf("document: %+v", doc)
	}
	if doc.Components.Schemas["Parcel"].Properties["$schema"] != nil {
		t.Error("bodies have $schema")
	}
}

func TestWait(t *testing.T) {
	for prefer, want := range map[string]time.Duration{
		"": 0, "wait=10": 10 * time.Second, "respond-async, wait=5": 5 * time.Second, "Wait = \"3\"; x=y": 3 * time.Second,
		"wait": 0, "wait=-1": 0, "wait=soon": 0, "wait=600": time.Minute, "waiting=5": 0, "wait=99999999999": 0,
	} {
		if got := web.Wait(prefer); got != want {
			t.Errorf("Wait(%q) = %v, want %v", prefer, got, want)
		}
	}
}

// BenchmarkPost measures what the conventions cost an order of many lines.
func BenchmarkPost(b *testing.B) {
	type line struct {
		Code      string `json:"code"`
		Quantity  int64  `json:"quantity"`
		UnitPrice int64  `json:"unit_price"`
	}
	type order struct {
		Lines []line `json:"lines"`
	}
	api, handler := web.New("Orders", "For a benchmark.")
	answer := func(_ context.Context, in *struct{ Body order }) (*sent, error) {
		return &sent{parcel{Weight: int64(len(in.Body.Lines))}}, nil
	}
	huma.Register(api, huma.Operation{OperationID: "checked", Method: http.MethodPost, Path: "/checked"}, answer)
	huma.Register(api, huma.Operation{OperationID: "unchecked", Method: http.MethodPost, Path: "/unchecked", SkipValidateBody: true}, answer)
	client := web.Client{Base: "http://orders", HTTP: &http.Client{Transport: web.Transport{Handler: handler}}}
	for _, lines := range []int{20, 1100} {
		in := order{Lines: make([]line, lines)}
		for i := range in.Lines {
			in.Lines[i] = line{"85123A", 6, 2550}
		}
		for _, path := range []string{"/checked", "/unchecked"} {
			b.Run(fmt.Sprintf("lines=%d%s", lines, path), func(b *testing.B) {
				for b.Loop() {
					if err := client.Do(context.Background(), http.MethodPost, path, nil, in, nil); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
