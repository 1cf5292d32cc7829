package nemesis_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/bailiwick/bailiwick/internal/torture/nemesis"
)

// A link stands between two parties, and has everything arrive twice for a while.
func Example() {
	words := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		words++
		fmt.Fprint(w, words)
	}))
	defer server.Close()
	link, err := nemesis.NewLink("client>server")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer link.Close()
	link.Lead(server.URL)

	send := func() string {
		resp, err := http.Post(link.URL(), "text/plain", strings.NewReader("a word"))
		if err != nil {
			return err.Error()
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return string(text)
	}
	twice := link.Trouble(nemesis.Repeat)
	fmt.Println(send())
	_ = twice.Do(context.Background()) // troubles of links do not fail
	fmt.Println(send())
	_ = twice.Undo(context.Background())
	fmt.Println(send())
	http.DefaultClient.CloseIdleConnections()
	// Output:
	// 1
	// 3
	// 4
}
