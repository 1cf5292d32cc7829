package replay_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/replay"
	"github.com/bailiwick/bailiwick/examples/shop/retail"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

// A shop in a directory of its own replays a generated file.
func Example() {
	if err := example(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// exact: true
	// customers: 23
}

func example() error {
	var file bytes.Buffer
	if err := retail.Generate(&file, 1, 60); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "shop")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	services, err := shop.Open(context.Background(), func(ctx context.Context, name string, migrations []store.Migration) (*store.DB, error) {
		return sqlite.Open(ctx, filepath.Join(dir, name+".db"), sqlite.Options{Owner: name, Migrations: migrations})
	})
	if err != nil {
		return err
	}
	defer shop.Close(services)
	group, err := service.NewGroup(service.Options{}, services...)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- group.Run(ctx) }()

	report, err := replay.Run(ctx, replay.Options{
		Open:    func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(file.Bytes())), nil },
		Clients: shop.InProcess(group.Handler()),
	})
	stop()
	if err := <-ended; err != nil {
		return err
	}
	if err != nil {
		return err
	}
	fmt.Println("exact:", report.Exact)
	fmt.Println("customers:", report.File.Customers)
	return nil
}
