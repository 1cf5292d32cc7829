package guard

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
)

// A token file is read whole or refused as invalid, and nothing that stands in it
// is told then: it may be a token. Nobody is found by a token whose hash it does
// not list.
func FuzzTokenFile(f *testing.F) {
	sum := sha256.Sum256([]byte("test"))
	hash := hex.EncodeToString(sum[:])
	for _, seed := range []string{"payment " + hash + " feed:order feed:user\n", "# nobody\n\n \t\nops\t" + strings.ToUpper(hash) + " inspect:*", "payment test feed:order", "payment " + hash,
		"payment " + hash + " feed:*:x", "payment " + hash + " write:order", "-a " + hash + " feed:a", hash + " payment feed:order", "a " + hash + " feed:a\nb " + hash + " feed:b",
		"a " + hash[:62] + "zz feed:a", "\x00", "é é é", "a\u2028b " + hash + " feed:a", "#", strings.Repeat("x", 70_000)} {
		f.Add(seed)
	}
	file := filepath.Join(f.TempDir(), "tokens")
	f.Fuzz(func(t *testing.T, text string) {
		const mark = "tokenThatSomebodyWroteThere"
		for _, content := range []string{text, text + " " + mark, mark + " " + text, "-" + mark + " " + text, "payment " + mark + " " + text} {
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			tokens, err := ReadTokens(file)
			if err != nil {
				if bailiwick.CodeOf(err) != bailiwick.Invalid || strings.Contains(err.Error(), mark) {
					t.Fatalf("%q is refused with %v", content, err)
				}
				continue
			}
			for _, e := range tokens.entries {
				if !strings.Contains(strings.ToLower(content), hex.EncodeToString(e.hash[:])) || len(e.rights) == 0 || tokens.busy[e.reader] == nil {
					t.Fatalf("%q has the entry %+v", content, e)
				}
			}
			if _, ok := tokens.find("test"); ok && !strings.Contains(strings.ToLower(content), hash) {
				t.Fatalf("%q knows a token that it does not list", content)
			}
			if _, ok := tokens.find(""); ok && !strings.Contains(strings.ToLower(content), "e3b0c44298fc1c149afbf4c8996fb924") {
				t.Fatalf("%q knows an empty token", content)
			}
		}
	})
}

// However a path is written, a request that comes to what is guarded needs the
// right to it.
func FuzzEndpoints(f *testing.F) {
	for _, seed := range []string{"/order/feed", "/order/status", "/order/metrics", "/order/sagas", "/order/sagas/1", "/status", "/", "/order/orders/1", "//order/feed", "/order/./feed", "/order/feed/", "/order/x/../feed",
		"/order/%66eed", "/order%2Ffeed", "/order/feed%2F..", "/order/sagas/1%2F..%2F..", "/order/sagas/%2E%2E", "/order/feed?x=1", "/order/feed;x", "/ORDER/feed", "/order/feed%00"} {
		f.Add(seed)
	}
	guarded := http.NewServeMux()
	for _, pattern := range []string{"GET /status", "GET /order/status", "GET /order/metrics", "GET /order/feed", "/order/sagas", "GET /order/sagas/{id}"} {
		guarded.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {})
	}
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Host != "" || !strings.HasPrefix(u.Path, "/") {
			return
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.URL, r.RequestURI = u, target
		answer := httptest.NewRecorder()
		guarded.ServeHTTP(answer, r)
		need, ok := Endpoints(r)
		if answer.Code != http.StatusOK {
			return // nobody is there, or it is told another path
		}
		if !ok {
			t.Fatalf("%s is served and needs nothing", target)
		}
		if need.Service != "order" && need != (Right{Inspect, "*"}) {
			t.Fatalf("%s needs %s", target, need)
		}
	})
}
