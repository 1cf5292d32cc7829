// Command quickstart is a box office. It takes bookings over HTTP; a saga decides them.
package main

import (
	"context"
	"database/sql"
	"errors"
	"log"
	"net/http"
	"os"
	"os/signal"

	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/service/serve"
	"github.com/bailiwick/bailiwick/store"
)

var schema = []store.Migration{{Version: 1, Name: "bookings", SQL: `
	CREATE TABLE play (title TEXT PRIMARY KEY, seats BIGINT NOT NULL);
	CREATE TABLE booking (id TEXT PRIMARY KEY, play TEXT NOT NULL, seats BIGINT NOT NULL, state TEXT NOT NULL);
	INSERT INTO play (title, seats) VALUES ('Hamlet', 3)`}}

// Booking is a request, the state of its saga, and the message that tells of it.
type Booking struct {
	ID    string `json:"id"`
	Play  string `json:"play"`
	Seats int    `json:"seats"`
	State string `json:"state"`
}

// New makes the service on its database.
func New(db *store.DB) (*service.Service, error) {
	sagas := saga.New(db, saga.Options{})
	bookings, err := saga.Register(sagas, saga.Definition[Booking]{Name: "booking", Steps: []saga.Step[Booking]{
		{Name: "create", Local: create, LocalUndo: reject},
		{Name: "reserve", Command: "seats.reserve"},
		{Name: "confirm", Local: confirm, Pivot: true},
	}})
	api := http.NewServeMux()
	api.Handle("POST /bookings", inbox.HandleHTTP(db, func(tx *store.Tx, _ *http.Request, b Booking) (Booking, error) {
		b.ID, b.State = db.NewID().String(), "pending"
		return b, bookings.Start(tx, b.ID, b.Play, &b)
	}))
	api.Handle("GET /bookings/{id}", inbox.HandleHTTP(db, func(tx *store.Tx, r *http.Request, b Booking) (Booking, error) {
		return b, tx.SQL().QueryRow(`SELECT id, play, seats, state FROM booking WHERE id = ?`, r.PathValue("id")).Scan(&b.ID, &b.Play, &b.Seats, &b.State)
	}))
	handlers := sagas.Handlers() // of what it hears, here from itself
	handlers["seats.reserve"] = saga.Action(reserve)
	return &service.Service{Name: "office", DB: db, API: api, Parts: []service.Part{sagas}, Follows: map[string]follow.Handlers{"office": handlers}}, err
}

func create(tx *store.Tx, b *Booking) error {
	if b.Seats < 1 {
		return saga.Reject("no-seats", "a booking is for one seat or more")
	}
	_, err := tx.SQL().Exec(`INSERT INTO booking (id, play, seats, state) VALUES (?, ?, ?, ?)`, b.ID, b.Play, b.Seats, b.State)
	return err
}

// reserve is the step that another service could do: it is asked by a message.
func reserve(tx *store.Tx, _ saga.Command, b Booking) (left int, err error) {
	err = tx.SQL().QueryRow(`UPDATE play SET seats = seats - ? WHERE title = ? AND seats >= ? RETURNING seats`, b.Seats, b.Play, b.Seats).Scan(&left)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, saga.Reject("sold-out", "%s has no %d seats left", b.Play, b.Seats)
	}
	return left, err
}

func confirm(tx *store.Tx, b *Booking) error                    { return decide(tx, b, "confirmed") }
func reject(tx *store.Tx, b *Booking, why saga.Rejection) error { return decide(tx, b, why.Reason) }

// decide changes the booking and publishes that: both or neither.
func decide(tx *store.Tx, b *Booking, state string) error {
	b.State = state
	_, err := tx.SQL().Exec(`UPDATE booking SET state = ? WHERE id = ?`, state, b.ID)
	return errors.Join(err, outbox.Publish(tx, "booking.decided", 1, b.Play, b))
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	db, err := sqlite.Open(ctx, "office.db", sqlite.Options{Owner: "office", Migrations: schema})
	if err != nil {
		log.Fatal(err)
	}
	office, err := New(db)
	if err == nil {
		err = serve.Run(ctx, "127.0.0.1:8080", office)
	}
	if err := errors.Join(err, db.Close()); err != nil {
		log.Fatal(err)
	}
}
