package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/httpfeed"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/store"
)

// inMemory is how many of the last messages the producer holds in memory at least.
const inMemory = 10_000

// sample is the data of a message of ordinary size.
const sample = `{"order":"0198c0de-0000-7000-8000-000000000001","customer":"17850","currency":"GBP","total":139120,"lines":[{"code":"85123A","quantity":6,"unit_price":2550},{"code":"71053","quantity":6,"unit_price":3390}]}`

// produce writes the messages, serves their log and says where; then it publishes
// the streams that are asked for on standard input, until that ends.
func produce(dir string, messages int) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	db, err := sqlite.Open(ctx, filepath.Join(dir, "order.db"), sqlite.Options{Owner: "order"})
	if err != nil {
		return err
	}
	defer db.Close()
	for written := 0; written < messages; written += 1000 {
		err := db.Do(ctx, func(tx *store.Tx) error {
			for i := range min(1000, messages-written) {
				m := bailiwick.Message{Key: strconv.Itoa(i % 97), Type: fmt.Sprint("order.type", i%4), Version: 1, Data: []byte(sample)}
				if err := tx.Publish(m); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ended := make(chan error, 2)
	go func() { ended <- db.Run(ctx) }()
	server := &http.Server{Handler: httpfeed.Handler(db.Log(), httpfeed.ServerOptions{}), ReadHeaderTimeout: 10 * time.Second}
	go func() { ended <- server.Serve(listener) }()
	fmt.Printf("http://%s/order/feed\n", listener.Addr())
	for {
		var rate, seconds int
		if _, err := fmt.Fscan(os.Stdin, &rate, &seconds); err != nil {
			break
		}
		times, err := publish(ctx, db, rate, seconds)
		if err != nil {
			return err
		}
		for _, t := range times {
			fmt.Println(t.begun.UnixNano(), t.committed.UnixNano())
		}
	}
	stop()
	err = server.Close()
	for range 2 {
		if one := <-ended; !errors.Is(one, http.ErrServerClosed) {
			err = errors.Join(err, one)
		}
	}
	return err
}

// times of one transaction.
type times struct{ begun, committed time.Time }

// publish publishes steadily, each message in a transaction of its own that waits
// for nobody, with its number as data.
func publish(ctx context.Context, db *store.DB, rate, seconds int) ([]times, error) {
	var all sync.WaitGroup
	took := make([]times, rate*seconds)
	failures := make([]error, rate*seconds)
	begun := time.Now()
	for i := range took {
		time.Sleep(time.Until(begun.Add(time.Duration(i) * time.Second / time.Duration(rate))))
		all.Go(func() {
			took[i].begun = time.Now()
			failures[i] = db.Do(ctx, func(tx *store.Tx) error {
				return tx.Publish(bailiwick.Message{Key: strconv.Itoa(i % 97), Type: "order.timed", Version: 1, Data: strconv.AppendInt(nil, int64(i), 10)})
			})
			took[i].committed = time.Now()
		})
	}
	all.Wait()
	return took, errors.Join(failures...)
}
