package upgrade

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/notification/notificationapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

// name is that of the service, whichever release of it.
const name = "notification"

//go:embed schema/*.sql
var schema embed.FS

// MigrationsBefore returns the schema that [NotificationBefore] knows: that of
// before notice.customer became notice.recipient.
func MigrationsBefore() ([]store.Migration, error) { return store.Migrations(schema, "schema") }

// NotificationBefore is the notification service as it was with that schema. Its
// statements are what they were: they read and write customer, and have never
// heard of recipient.
func NotificationBefore(db *store.DB) (*service.Service, error) {
	return &service.Service{
		Name: name,
		DB:   db,
		API:  apiBefore(db),
		Follows: map[string]follow.Handlers{
			"order": {
				notificationapi.Send: saga.Action(func(tx *store.Tx, _ saga.Command, n notificationapi.Notification) (struct{}, error) {
					text := "Your order " + n.Document + " is confirmed."
					if n.Kind == notificationapi.ReturnAccepted {
						text = "Your return " + n.Document + " is accepted and refunded."
					}
					return struct{}{}, addBefore(tx, n.Document, n.Kind, n.Customer, text)
				}),
				orderapi.OrderRejected: inbox.Handle(orderapi.Version, func(tx *store.Tx, _ *bailiwick.Message, r orderapi.Rejected) error {
					return addBefore(tx, r.Document, notificationapi.Rejection, r.Customer,
						"Your order "+r.Document+" was refused: "+strings.ReplaceAll(r.Reason, "-", " ")+".")
				}),
			},
		},
	}, nil
}

func addBefore(tx *store.Tx, document, kind, customer, text string) error {
	_, err := tx.SQL().Exec(`INSERT INTO notice (document, kind, customer, text, at) VALUES (?, ?, ?, ?, ?)`,
		document, kind, sql.NullString{String: customer, Valid: customer != ""}, text, tx.Now().UnixMilli())
	if err != nil {
		return fmt.Errorf("notification: record %s/%s: %w", document, kind, err)
	}
	return nil
}

func apiBefore(db *store.DB) http.Handler {
	api, handler := web.New("Notification", "What customers were told, as it was served before.")
	huma.Register(api, huma.Operation{
		OperationID: "list-notices", Method: http.MethodGet, Path: "/notices", Summary: "All notices",
	}, func(ctx context.Context, in *web.Page) (*web.Reply[notificationapi.Page], error) {
		return web.Answer(pageBefore(ctx, db, *in))
	})
	huma.Register(api, huma.Operation{
		OperationID: "report", Method: http.MethodGet, Path: "/report", Summary: "How many notices were sent",
	}, func(ctx context.Context, _ *struct{}) (*web.Reply[notificationapi.Report], error) {
		return web.Answer(reportBefore(ctx, db))
	})
	return handler
}

func pageBefore(ctx context.Context, db *store.DB, page web.Page) (notificationapi.Page, error) {
	document, kind := page.After, ""
	if i := strings.LastIndexByte(page.After, '/'); i >= 0 {
		document, kind = page.After[:i], page.After[i+1:]
	}
	list := notificationapi.Page{Notices: []notificationapi.Notice{}}
	err := db.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.SQL().Query(`SELECT document, kind, COALESCE(customer, ''), text, at FROM notice
			WHERE (document, kind) > (?, ?) ORDER BY document, kind LIMIT ?`, document, kind, page.Limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var n notificationapi.Notice
			var at int64
			if err := rows.Scan(&n.Document, &n.Kind, &n.Customer, &n.Text, &at); err != nil {
				return err
			}
			n.ID, n.At = n.Document+"/"+n.Kind, time.UnixMilli(at).UTC()
			list.Notices = append(list.Notices, n)
		}
		return rows.Err()
	})
	return list, err
}

func reportBefore(ctx context.Context, db *store.DB) (r notificationapi.Report, err error) {
	err = db.Read(ctx, func(tx *store.Tx) error {
		r.At = tx.Now().UTC()
		return tx.SQL().QueryRow(`SELECT COUNT(CASE WHEN kind = 'confirmation' THEN 1 END),
			COUNT(CASE WHEN kind = 'return-accepted' THEN 1 END), COUNT(CASE WHEN kind = 'rejection' THEN 1 END)
			FROM notice`).Scan(&r.Confirmations, &r.ReturnsAccepted, &r.Rejections)
	})
	return r, err
}
