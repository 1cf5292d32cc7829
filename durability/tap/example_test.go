package tap_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/bailiwick/bailiwick/durability/disk"
	"github.com/bailiwick/bailiwick/durability/tap"
	"github.com/bailiwick/bailiwick/engine/sqlite"
)

// What a database asks of its files is on the tape, as it is in the directory.
func Example() {
	dir, err := os.MkdirTemp("", "tap")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	t, err := tap.Open()
	if err != nil {
		log.Fatal(err)
	}
	defer t.Close()
	d, tape := disk.New(nil).Restart()
	t.Record(dir, tape)

	path := filepath.Join(dir, "order.db")
	db, err := sqlite.Open(context.Background(), path, sqlite.Options{Owner: "order"})
	if err != nil {
		log.Fatal(err)
	}
	if err := db.Close(); err != nil {
		log.Fatal(err)
	}

	for _, op := range tape.Ops() {
		d.Play(op)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the same:", string(d.Now()["order.db"]) == string(content))
	fmt.Println("files:", len(d.Now()))
	// Output:
	// the same: true
	// files: 1
}
