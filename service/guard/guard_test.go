package guard_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/service/guard"
)

// A server that refuses a request before it was read lingers for half a second.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func hash(token string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(token))) }

func guarding(t testing.TB, opts guard.Options) *guard.Guard {
	t.Helper()
	g, err := guard.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// echo answers who the reader is.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	name, ok := guard.Reader(r.Context())
	fmt.Fprint(w, name, " ", ok)
})

func status(h http.Handler, path string, headers ...string) (int, string) {
	r := httptest.NewRequest("GET", path, nil)
	r.Host = "127.0.0.1:8080"
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// guarded are the paths for which a right is needed, open those for which none is.
var (
	guarded = map[string]string{"/order/feed": "feed:order", "/order/feed/": "feed:order", "/order/./feed": "feed:order", "//order//feed": "feed:order",
		"/x/../order/feed": "feed:order", "/order/%66eed": "feed:order", "/order%2Ffeed": "feed:order", "/order/status": "inspect:order",
		"/order/metrics": "inspect:order", "/order/sagas": "inspect:order", "/order/sagas/17": "inspect:order",
		"/order/sagas/17%2F..%2F..": "inspect:order", "/order/sagas/%2E%2E": "inspect:order", "/status": "inspect:*", "/status/": "inspect:*"}
	open = []string{"/order/orders", "/order/orders/feed", "/order/healthz/ready", "/healthz/live", "/order/openapi.json", "/"}
)

// Each reader gets what the file lists for him, and nothing else.
func TestTokens(t *testing.T) {
	rights := []string{"feed:order", "feed:*", "inspect:order", "inspect:*", "feed:user"}
	covers := map[string][]string{"feed:order": {"feed:order"}, "feed:*": {"feed:order"}, "inspect:order": {"inspect:order"}, "inspect:*": {"inspect:order", "inspect:*"}}
	file := "# readers\n\n"
	for i, right := range rights {
		file += fmt.Sprintf("reader%d %s %s\n", i, hash("token-"+right), right)
	}
	file += "reader0 " + strings.ToUpper(hash("another")) + " inspect:user feed:order\r\n"
	g := guarding(t, guard.Options{TokenFile: write(t, "tokens", file)})
	for _, local := range []bool{true, false} {
		h := g.Handler(echo, local)
		for path, need := range guarded {
			for i, right := range rights {
				want := http.StatusForbidden
				for _, c := range covers[right] {
					if c == need {
						want = http.StatusOK
					}
				}
				code, body := status(h, path, "Authorization", "Bearer token-"+right)
				if code != want || code == http.StatusOK && body != fmt.Sprintf("reader%d true", i) {
					t.Errorf("%s with %s: %d %s, want %d", path, right, code, body, want)
				}
			}
			for _, wrong := range []string{"", "Bearer", "Bearer ", "Bearer token", "Basic token-feed:*", "token-feed:*", "Bearer " + hash("token-feed:*")} {
				code, body := status(h, path, "Authorization", wrong)
				if code != http.StatusUnauthorized || strings.Contains(body, "token-") {
					t.Errorf("%s with %q: %d %s", path, wrong, code, body)
				}
			}
		}
		for _, path := range open {
			if code, body := status(h, path); code != http.StatusOK || body != " false" {
				t.Errorf("%s: %d %s", path, code, body)
			}
		}
		if code, body := status(h, "/order/feed", "Authorization", "bearer another"); code != http.StatusOK || body != "reader0 true" {
			t.Errorf("a second token: %d %s", code, body)
		}
	}
}

// Without a token file only this machine may read what is guarded, and not for a web
// page that has another name.
func TestLoopbackNeedsNoToken(t *testing.T) {
	g := guarding(t, guard.Options{})
	for path := range guarded {
		if code, body := status(g.Handler(echo, false), path); code != http.StatusForbidden {
			t.Errorf("%s from elsewhere: %d %s", path, code, body)
		}
		for host, want := range map[string]int{"127.0.0.1:8080": 200, "localhost": 200, "LOCALHOST:1": 200, "[::1]:80": 200, "[::1]": 200,
			"rebound.example": 403, "10.0.0.1:8080": 403, "localhost.evil.example:80": 403, "": 403} {
			if code, body := status(g.Handler(echo, true), path, "Host", host); code != want {
				t.Errorf("%s as %q: %d %s", path, host, code, body)
			}
		}
	}
	for site, want := range map[string]int{"none": 200, "same-origin": 200, "same-site": 403, "cross-site": 403} {
		if code, body := status(g.Handler(echo, true), "/order/feed", "Sec-Fetch-Site", site); code != want {
			t.Errorf("a browser's request, %s: %d %s", site, code, body)
		}
	}
	for _, path := range open {
		if code, _ := status(g.Handler(echo, false), path); code != http.StatusOK {
			t.Errorf("%s from elsewhere: %d", path, code)
		}
	}
}

// A follower tells the log what it may forget: so only under its own name.
func TestFollows(t *testing.T) {
	g := guarding(t, guard.Options{TokenFile: write(t, "tokens", "payment "+hash("s3cret")+" feed:order")})
	h := g.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for follower, may := range map[string]bool{"payment": true, "": true, "delivery": false, "Payment": false} {
			if err := guard.Follows(r, follower); (err == nil) != may {
				t.Errorf("as %q: %v", follower, err)
			}
		}
	}), false)
	if code, _ := status(h, "/order/feed", "Authorization", "Bearer s3cret"); code != http.StatusOK {
		t.Error(code)
	}
	if err := guard.Follows(httptest.NewRequest("GET", "/", nil), "anybody"); err != nil {
		t.Errorf("where no token is asked for: %v", err)
	}
}

// One reader cannot take all there is.
func TestReadersAreLimited(t *testing.T) {
	g := guarding(t, guard.Options{MaxRequests: 2, TokenFile: write(t, "tokens",
		"greedy "+hash("one")+" feed:*\ngreedy "+hash("two")+" feed:*\nmodest "+hash("three")+" feed:*\n")})
	inside, leave := make(chan bool), make(chan bool)
	h := g.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { inside <- true; <-leave }), false)
	done := make(chan bool)
	for _, token := range []string{"one", "two"} {
		go func() { status(h, "/order/feed", "Authorization", "Bearer "+token); done <- true }()
		<-inside
	}
	if code, body := status(h, "/order/feed", "Authorization", "Bearer one"); code != http.StatusTooManyRequests {
		t.Errorf("a third request: %d %s", code, body)
	}
	go func() { status(h, "/order/feed", "Authorization", "Bearer three"); done <- true }()
	<-inside // another reader is let in
	for range 3 {
		leave <- true
		<-done
	}
	go func() { status(h, "/order/feed", "Authorization", "Bearer one"); done <- true }()
	<-inside
	leave <- true
	<-done
}

func TestTokenFilesThatAreRefused(t *testing.T) {
	const secret = "Kh7-not-a-hash-but-the-token-itself"
	ok := hash("x")
	for why, text := range map[string]string{
		"no hash":           "payment feed:order",
		"no right":          "payment " + ok,
		"the token itself":  "payment " + secret + " feed:order",
		"64 letters":        "payment " + strings.Repeat("z", 64) + " feed:order",
		"an unknown right":  "payment " + ok + " admin:order",
		"a right on no one": "payment " + ok + " feed:",
		"two services":      "payment " + ok + " feed:order,user",
		"a bad name":        "pay/ment " + ok + " feed:order",
		"a token twice":     "payment " + ok + " feed:order\nuser " + ok + " feed:order",
	} {
		_, err := guard.New(guard.Options{TokenFile: write(t, "tokens", "# first\n"+text+"\n")})
		if bailiwick.CodeOf(err) != bailiwick.Invalid || !strings.Contains(err.Error(), "line ") || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", why, err)
		}
	}
	if _, err := guard.New(guard.Options{TokenFile: filepath.Join(t.TempDir(), "none")}); bailiwick.CodeOf(err) != bailiwick.Invalid {
		t.Errorf("no file: %v", err)
	}
}

// Plain HTTP is for the loopback, unless somebody says otherwise.
func TestListen(t *testing.T) {
	for addr, want := range map[string]bailiwick.Code{"127.0.0.1:0": "", "localhost:0": "", ":0": bailiwick.Invalid, "0.0.0.0:0": bailiwick.Invalid,
		"127.0.0.1:99999": bailiwick.Unavailable} {
		listener, err := guarding(t, guard.Options{}).Listen(t.Context(), addr)
		if bailiwick.CodeOf(err) != want {
			t.Errorf("%s: %v", addr, err)
		}
		if err == nil {
			listener.Close()
		}
	}
	listener, err := guarding(t, guard.Options{Plain: true}).Listen(t.Context(), "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
}

// certificate makes a self-signed one for the loopback.
func certificate(t testing.TB) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "shop"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, bytes []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
	}
	return write(t, "cert.pem", block("CERTIFICATE", signed)), write(t, "key.pem", block("PRIVATE KEY", secret))
}

// A listener with a certificate speaks TLS 1.2 at least, to clients that trust it.
func TestTLS(t *testing.T) {
	cert, key := certificate(t)
	g := guarding(t, guard.Options{CertFile: cert, KeyFile: key, MaxBody: 10})
	listener, err := g.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := g.Server(listener, echo)
	ended := make(chan error, 1)
	server.ErrorLog = log.New(io.Discard, "", 0)
	go func() { ended <- server.Serve(listener) }()
	defer func() { server.Close(); <-ended }()
	client, err := guard.Client(cert)
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	response, err := client.Get(g.URL(listener) + "/order/feed")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK || response.TLS.Version < tls.VersionTLS12 || !strings.HasPrefix(g.URL(listener), "https://") {
		t.Errorf("%s, TLS %x", response.Status, response.TLS.Version)
	}
	response, err = client.Post(g.URL(listener)+"/order/orders", "text/plain", strings.NewReader("more than ten bytes"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body: %s", response.Status)
	}
	another, _ := certificate(t)
	for _, trusted := range []string{"", another} {
		stranger, err := guard.Client(trusted)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stranger.Get(g.URL(listener) + "/"); err == nil {
			t.Error("an unknown certificate was trusted")
		}
	}
	old := &tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11, InsecureSkipVerify: true}}
	if c, err := old.DialContext(t.Context(), "tcp", listener.Addr().String()); err == nil {
		c.Close()
		t.Error("TLS 1.1 was spoken")
	}
	for why, opts := range map[string]guard.Options{"no key": {CertFile: cert}, "no certificate": {KeyFile: key}, "no pair": {CertFile: key, KeyFile: cert}} {
		if _, err := guard.New(opts); bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Errorf("%s: %v", why, err)
		}
	}
	if _, err := guard.Client(key); bailiwick.CodeOf(err) != bailiwick.Invalid {
		t.Errorf("a file without certificates: %v", err)
	}
}

// A client that sends nothing, or too much, does not hold a connection.
func TestServerHasLimits(t *testing.T) {
	g := guarding(t, guard.Options{})
	listener, err := g.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := g.Server(listener, echo)
	if server.ReadHeaderTimeout <= 0 || server.ReadTimeout <= 0 || server.WriteTimeout <= 0 || server.IdleTimeout <= 0 {
		t.Errorf("times are not limited: %+v", server)
	}
	server.ReadHeaderTimeout = 20 * time.Millisecond
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	defer func() { server.Close(); <-ended }()
	c, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n")
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.ReadAll(c); err != nil {
		t.Errorf("an unfinished request holds its connection: %v", err)
	}
	r, _ := http.NewRequest("GET", g.URL(listener)+"/", nil)
	r.Header.Set("X-Large", strings.Repeat("x", 128<<10))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("large headers: %s", response.Status)
	}
}

func TestReadToken(t *testing.T) {
	if token, err := guard.ReadToken(write(t, "token", "s3cret\n")); err != nil || token != "s3cret" {
		t.Errorf("%q %v", token, err)
	}
	for _, text := range []string{"", "\n", "two words", "two\nlines"} {
		if _, err := guard.ReadToken(write(t, "token", text)); bailiwick.CodeOf(err) != bailiwick.Invalid || strings.Contains(err.Error(), "two") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
