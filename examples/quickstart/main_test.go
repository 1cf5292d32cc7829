package main

import (
	"testing"

	"github.com/bailiwick/bailiwick/bailiwicktest"
	"github.com/bailiwick/bailiwick/saga"
)

func TestTheLastSeatsAreSoldOnce(t *testing.T) {
	w := bailiwicktest.Run(t, bailiwicktest.Service{Name: "office", Migrations: schema, New: New})
	w.CrashAt("office", "seats.reserve", bailiwicktest.AfterCommit) // it shows nowhere
	var first, second Booking
	w.Post("/office/bookings", Booking{Play: "Hamlet", Seats: 2}, &first)
	w.Post("/office/bookings", Booking{Play: "Hamlet", Seats: 2}, &second)
	w.Settle()
	first.State, second.State = "confirmed", "sold-out"
	bailiwicktest.WantPublished(t, w.DB("office"), "booking.decided", first, second)
	bailiwicktest.WantSaga(t, w.DB("office"), second.ID, saga.Compensated)
	bailiwicktest.WantRows(t, w.DB("office"), `SELECT title, seats FROM play`, "Hamlet 1")
}
