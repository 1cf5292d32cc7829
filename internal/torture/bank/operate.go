package bank

import (
	"context"
	"net/http"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service/admin"
	"github.com/bailiwick/bailiwick/store"
)

// intervention is the answer to POST /replay.
type intervention struct {
	Operations int `json:"operations"`
}

// operating does what an operator would do now, as list has it.
func operating(db *store.DB, list func(context.Context, *store.DB) ([]admin.Operation, error)) http.Handler {
	return answering(func(r *http.Request) (any, error) {
		operations, err := list(r.Context(), db)
		done := intervention{}
		for _, o := range operations {
			if err != nil {
				break
			}
			if _, err = o.Apply(r.Context(), db); err == nil {
				done.Operations++
			}
			if code := bailiwick.CodeOf(err); code == bailiwick.NotFound || code == bailiwick.Conflict {
				err = nil // it has gone on by itself
			}
		}
		return done, err
	})
}

// pardons replays every parked key. Its first message is pardoned before, which stands
// for a corrected program.
func pardons(ctx context.Context, db *store.DB) ([]admin.Operation, error) {
	keys, err := follow.List(ctx, db)
	if err != nil {
		return nil, err
	}
	var all []admin.Operation
	for _, key := range keys {
		err := db.Do(ctx, func(tx *store.Tx) error {
			_, err := exec(tx, "pardon "+key.ID.String(), `INSERT INTO pardon (message) VALUES (?) ON CONFLICT (message) DO NOTHING`, key.ID.String())
			return err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, admin.Operation{Service: db.Owner(), Action: admin.ParkedReplay, Follower: key.Follower, Key: key.Key})
	}
	return all, nil
}

// retries has every parked saga go on.
func retries(ctx context.Context, db *store.DB) ([]admin.Operation, error) {
	parked, err := saga.List(ctx, db, saga.Filter{States: []string{saga.Parked}, Limit: admin.MaxSagas})
	var all []admin.Operation
	for _, s := range parked {
		all = append(all, admin.Operation{Service: db.Owner(), Action: admin.SagaRetry, Saga: s.ID})
	}
	return all, err
}
