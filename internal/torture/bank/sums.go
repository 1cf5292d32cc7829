package bank

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// sumOfBalances reads wallet's running sum. On PostgreSQL a message has no seq when
// its change is committed already, so what was moved by such changes is left out: the
// sum is that of the head. The last message of the log is not the head where it was
// trimmed, as replies to sagas are.
func sumOfBalances(tx *store.Tx, _ *http.Request, _ struct{}) (r Running, err error) {
	query := store.ForEngine(tx.DB().Capabilities().Engine, `
		SELECT (SELECT CAST(COALESCE(SUM(balance), 0) AS BIGINT) FROM account WHERE id <> ?)
			/*postgres - (SELECT CAST(COALESCE(SUM(m.delta), 0) AS BIGINT) FROM move m LEFT JOIN bailiwick_log l ON l.id = CAST(m.message AS uuid)
				WHERE l.id IS NULL AND m.account <> 'odd') */,
			COALESCE((SELECT /*sqlite seq FROM sqlite_sequence WHERE name = 'bailiwick_log' */
				/*postgres head FROM bailiwick_steps ORDER BY step DESC LIMIT 1 */), 0)`)
	return r, tx.SQL().QueryRow(query, Odd).Scan(&r.Sum, &r.Seq)
}

// sumOfMoves reads what the messages between two seqs of wallet's log have moved.
func sumOfMoves(tx *store.Tx, req *http.Request, _ struct{}) (r Running, err error) {
	after, err1 := strconv.ParseInt(req.URL.Query().Get("after"), 10, 64)
	through, err2 := strconv.ParseInt(req.URL.Query().Get("through"), 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return r, &bailiwick.Error{Code: bailiwick.Invalid, Op: "bank: moved", Err: err, Do: "send after=SEQ and through=SEQ"}
	}
	r.Seq = through
	return r, tx.SQL().QueryRow(`SELECT CAST(COALESCE(SUM(m.delta), 0) AS BIGINT) FROM bailiwick_log l JOIN move m ON m.message = CAST(l.id AS TEXT)
		WHERE l.seq > ? AND l.seq <= ? AND m.account <> ?`, after, through, Odd).Scan(&r.Sum)
}

// sumOfEntries reads ledger's running sum, and how far in wallet's log it is.
func sumOfEntries(tx *store.Tx, _ *http.Request, _ struct{}) (r Running, err error) {
	p, _, err := tx.Position(store.LogName(Wallet), 0)
	if err != nil {
		return r, err
	}
	r.Seq = p.Seq
	return r, tx.SQL().QueryRow(`SELECT CAST(COALESCE(SUM(delta), 0) AS BIGINT) FROM entry WHERE account <> ?`, Odd).Scan(&r.Sum)
}
