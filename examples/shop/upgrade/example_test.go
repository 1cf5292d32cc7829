package upgrade_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop/notification"
	"github.com/bailiwick/bailiwick/examples/shop/upgrade"
	"github.com/bailiwick/bailiwick/store"
)

// The program before is the way back, until the schema is contracted.
func ExampleNotificationBefore() {
	dir, err := os.MkdirTemp("", "bailiwick-example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	older, err := upgrade.MigrationsBefore()
	if err != nil {
		fmt.Println(err)
		return
	}
	newer, err := notification.Migrations()
	if err != nil {
		fmt.Println(err)
		return
	}
	open := func(migrations []store.Migration, contract bool) error {
		db, err := sqlite.Open(context.Background(), filepath.Join(dir, "notification.db"),
			sqlite.Options{Owner: notification.Name, Migrations: migrations, Contract: contract})
		if err != nil {
			return err
		}
		if _, err := upgrade.NotificationBefore(db); err != nil {
			return err
		}
		return db.Close()
	}
	fmt.Println("old:", open(older, false))
	fmt.Println("new:", open(newer, false))
	fmt.Println("and back:", open(older, false))
	fmt.Println("new, and contracted:", open(newer, true))
	fmt.Println("no way back:", bailiwick.CodeOf(open(older, false)))
	// Output:
	// old: <nil>
	// new: <nil>
	// and back: <nil>
	// new, and contracted: <nil>
	// no way back: schema_newer
}
