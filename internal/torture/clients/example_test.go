package clients_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/internal/torture/clients"
	"github.com/bailiwick/bailiwick/internal/torture/history"
)

// Eight clients at a bank that refuses everything. They end when they are told to, and
// know of everything how it ended; so does the history.
func Example() {
	bankrupt := httptest.NewServer(http.NotFoundHandler())
	defer bankrupt.Close()
	dir, err := os.MkdirTemp("", "clients-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "history")
	recorder, err := history.Create(path, bailiwick.SystemClock{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer recorder.Close()
	all, err := clients.New(clients.Options{
		Bank:     &bank.Client{At: func(string) string { return bankrupt.URL }, HTTP: bankrupt.Client()},
		Recorder: recorder,
		Seed:     1, Count: 8, Pause: time.Millisecond,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer stop()
	fmt.Println(all.Run(ctx))
	unknown, err := all.Finish(context.Background())
	fmt.Println(unknown, err)
	ops, err := history.Open(path)
	fmt.Println(len(ops) > 64, err) // each has read all accounts of direct moves, besides
	// Output:
	// <nil>
	// 0 <nil>
	// true <nil>
}
