package guard_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/bailiwick/bailiwick/service/guard"
)

// What a group of services serves is guarded: payment may read the feed of order,
// and nobody else may.
func ExampleNew() {
	dir, _ := os.MkdirTemp("", "bailiwick-example-")
	defer os.RemoveAll(dir)
	tokens := filepath.Join(dir, "tokens") // the hash is that of the token "test"
	_ = os.WriteFile(tokens, []byte("payment 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 feed:order\n"), 0o600)

	g, err := guard.New(guard.Options{TokenFile: tokens})
	if err != nil {
		fmt.Println(err)
		return
	}
	services := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _ := guard.Reader(r.Context())
		fmt.Fprintln(w, "served to", name)
	})
	handler := g.Handler(services, false)
	for _, token := range []string{"test", "guess"} {
		r := httptest.NewRequest("GET", "/order/feed", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// 200
	// 401
}
