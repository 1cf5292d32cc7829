// Package bailiwicktest is for the tests of services that are built on Bailiwick.
// Each test has databases of its own and a time of its own, waits for what happens
// instead of sleeping, and has steps refused, messages delayed and the process
// crashed whenever it likes.
//
//	w := bailiwicktest.Run(t, bailiwicktest.Service{Name: "order", Migrations: schema, New: New})
//	w.Break("payment", "payment.authorise", bailiwicktest.Refuse("no-credit", ""))
//	w.Post("/order/orders", order, &placed)
//	w.Settle()
//	bailiwicktest.WantSaga(t, w.DB("order"), placed.ID, saga.Compensated)
//	bailiwicktest.WantPublished(t, w.DB("order"), "order.rejected", Rejected{ID: placed.ID})
//
// [Open] gives a private database, [Run] a [World]: services that run in one group
// under a [Clock] that only the test moves, with stand-ins for those that are
// followed and not there. [Alone] hands messages to one service without followers.
// What was published, what a saga did and what a table holds is compared by the
// functions whose names begin with Want; they say what is there instead.
package bailiwicktest
