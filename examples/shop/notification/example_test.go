package notification_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop/notification"
	"github.com/bailiwick/bailiwick/examples/shop/notification/notificationapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

func Example() {
	dir, err := os.MkdirTemp("", "notification-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	ctx := context.Background()
	schema, err := notification.Migrations()
	if err != nil {
		fmt.Println(err)
		return
	}
	db, err := sqlite.Open(ctx, filepath.Join(dir, "notification.db"), sqlite.Options{Owner: notification.Name, Migrations: schema})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	s, err := notification.New(db)
	if err != nil {
		fmt.Println(err)
		return
	}

	// A group runs it with the services that it follows. Its API can be asked at once.
	client := notificationapi.Client{Client: web.Client{Base: "http://notification", HTTP: &http.Client{Transport: web.Transport{Handler: s.API}}}}
	report, err := client.Report(ctx)
	fmt.Println(report.Confirmations, err)
	fmt.Println(s.Follows["order"].Types())
	// Output:
	// 0 <nil>
	// [notification.send order.rejected]
}
