// Package sqlite keeps a service's database in one SQLite file.
//
//	db, err := sqlite.Open(ctx, "data/order.db", sqlite.Options{Owner: "order", Migrations: migrations})
//
// One connection writes. Transactions that wait for it run one after another,
// each under its own savepoint, and share one COMMIT and one sync of the file;
// nobody waits for others to come. Other connections read, each in its own
// snapshot, and never wait for the writer.
//
// A file has one owner: its name stands in the database, and a running owner
// holds a lock on the side file PATH.lock. A file that belongs to another
// service, that a newer program migrated, that a running owner holds, or that is
// no SQLite database is refused, and not a byte of it is touched.
//
// A service that has its own *sql.DB, code and migrations takes in single parts as
// guests: see [Wrap] and [Outbox].
package sqlite
