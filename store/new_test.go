package store_test

import (
	"context"
	"fmt"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/driver"
)

// dictionary is an engine in the making: it can be closed, and nothing else yet.
type dictionary struct{ driver.DB }

func (dictionary) Capabilities() driver.Capabilities {
	return driver.Capabilities{Engine: "dictionary"}
}

func (dictionary) OnCommit(func([]bailiwick.Message)) {}

func (dictionary) Close() error { return nil }

// An engine's Open ends like this. Package storetest tells what the driver lacks.
func ExampleNew() {
	open := func(_ context.Context, owner string) (*store.DB, error) {
		return store.New(dictionary{}, owner, store.Options{}), nil
	}
	db, err := open(context.Background(), "order")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(db.Owner(), db.Log().Name(), db.Capabilities().Engine)
	fmt.Println(db.Close())
	// Output:
	// order order/outbox dictionary
	// <nil>
}
