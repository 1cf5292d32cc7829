package replay_test

import (
	"os"
	"testing"

	"github.com/bailiwick/bailiwick/examples/shop/replay"
)

func TestFirst(t *testing.T) {
	s := start(t, t.TempDir())
	r, err := replay.Run(t.Context(), replay.Options{Open: opener(file(t, 1, 200)), Clients: s.clients, Progress: os.Stdout, Every: 200})
	if err != nil {
		t.Fatal(err)
	}
	print(t, r)
}
