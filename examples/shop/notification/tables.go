package notification

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/bailiwick/bailiwick/examples/shop/notification/notificationapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/store"
)

// add records a notice. A second one of a document and kind is an error: the
// customer would be told twice.
func add(tx *store.Tx, n notificationapi.Notice) error {
	recipient := sql.NullString{String: n.Customer, Valid: n.Customer != ""}
	_, err := tx.SQL().Exec(`INSERT INTO notice (document, kind, recipient, text, at) VALUES (?, ?, ?, ?, ?)`,
		n.Document, n.Kind, recipient, n.Text, n.At.UnixMilli())
	if err != nil {
		return fmt.Errorf("notification: record %s: %w", n.ID, err)
	}
	return nil
}

// notices reads the service's table.
type notices struct{ db *store.DB }

const columns = `SELECT document, kind, COALESCE(recipient, ''), text, at FROM notice`

// document returns the notices of one document.
func (n notices) document(ctx context.Context, document string) (notificationapi.Page, error) {
	return n.list(ctx, columns+` WHERE document = ? ORDER BY kind`, document)
}

// page returns a page of notices.
func (n notices) page(ctx context.Context, page web.Page) (notificationapi.Page, error) {
	document, kind := place(page.After)
	return n.list(ctx, columns+` WHERE (document, kind) > (?, ?) ORDER BY document, kind LIMIT ?`, document, kind, page.Limit)
}

func (n notices) list(ctx context.Context, query string, args ...any) (notificationapi.Page, error) {
	page := notificationapi.Page{Notices: []notificationapi.Notice{}} // an empty page is [], not null
	err := n.db.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.SQL().Query(query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var document, kind, recipient, text string
			var at int64
			if err := rows.Scan(&document, &kind, &recipient, &text, &at); err != nil {
				return err
			}
			page.Notices = append(page.Notices, notice(document, kind, recipient, text, time.UnixMilli(at)))
		}
		return rows.Err()
	})
	if err != nil {
		return page, fmt.Errorf("notification: list notices: %w", err)
	}
	return page, nil
}

// report counts the notices of each kind.
func (n notices) report(ctx context.Context) (notificationapi.Report, error) {
	var r notificationapi.Report
	err := n.db.Read(ctx, func(tx *store.Tx) error {
		r.At = tx.Now().UTC()
		return tx.SQL().QueryRow(`
			SELECT COUNT(CASE WHEN kind = 'confirmation' THEN 1 END),
				COUNT(CASE WHEN kind = 'return-accepted' THEN 1 END),
				COUNT(CASE WHEN kind = 'rejection' THEN 1 END)
			FROM notice`).Scan(&r.Confirmations, &r.ReturnsAccepted, &r.Rejections)
	})
	if err != nil {
		return r, fmt.Errorf("notification: count notices: %w", err)
	}
	return r, nil
}
