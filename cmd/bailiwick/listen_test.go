package main_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// An address that other machines reach is not served in the clear by mistake.
func TestListenersOnTheNetworkAreEncrypted(t *testing.T) {
	for _, how := range [][]string{{"demo"}, {"demo", "--processes"}, {"run", "user"}} {
		call(t, append(how, "--data", t.TempDir(), "--addr", "0.0.0.0:0")...).expect(t, 1, "--tls-cert", "--plain-http")
	}
	call(t, "demo", "--addr", "127.0.0.1:0", "--tls-cert", "cert.pem").expect(t, 2, "tls-key")
	call(t, "demo", "--data", t.TempDir(), "--addr", "127.0.0.1:0", "--token-file", "none").expect(t, 1, "token file")
}

// With a token file feeds and inspection ask for a token, and the shop's API does not.
func TestTokenFile(t *testing.T) {
	tokens := filepath.Join(t.TempDir(), "tokens")
	line := fmt.Sprintf("payment %x feed:order\nops %x inspect:*\n", sha256.Sum256([]byte("pay")), sha256.Sum256([]byte("see")))
	if err := os.WriteFile(tokens, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	d := startDemo(t, t.TempDir(), "--token-file", tokens)
	for path, want := range map[string][3]int{ // for nobody, payment and ops
		"/order/feed?lastEventId=1.0": {401, 410, 403},
		"/user/feed":                  {401, 403, 403},
		"/status":                     {401, 403, 200},
		"/order/metrics":              {401, 403, 200},
		"/order/sagas/none":           {401, 403, 404},
		"/order/healthz/ready":        {200, 200, 200},
		"/order/openapi.json":         {200, 200, 200},
	} {
		for i, token := range []string{"", "pay", "see"} {
			r, err := http.NewRequest("GET", d.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if token != "" {
				r.Header.Set("Authorization", "Bearer "+token)
			}
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != want[i] && !(want[i] == 410 && response.StatusCode == 200) {
				t.Errorf("%s with %q: %s, want %d", path, token, response.Status, want[i])
			}
		}
	}
}
