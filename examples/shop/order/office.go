package order

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// office takes documents in and sees them settled.
type office struct {
	db    *store.DB
	known *known
	hub   *hub

	placements  *saga.Saga[placement]
	refundings  *saga.Saga[refunding]
	adjustments *saga.Saga[adjusting]
}

func newOffice(db *store.DB, orchestrator *saga.Orchestrator) (*office, error) {
	o := &office{db: db, known: newKnown(db), hub: newHub()}
	var err error
	if o.placements, err = saga.Register(orchestrator, o.placeOrder()); err != nil {
		return nil, err
	}
	if o.refundings, err = saga.Register(orchestrator, o.refund()); err != nil {
		return nil, err
	}
	if o.adjustments, err = saga.Register(orchestrator, o.adjust()); err != nil {
		return nil, err
	}
	return o, nil
}

// submit takes a request in, once for its key, and waits for at most patience until
// the document is settled. body is the request as it came, for which the key stands.
// A repeat is answered with the document as it stands now.
func (o *office) submit(ctx context.Context, key string, patience time.Duration, body any, r Request) (orderapi.Summary, error) {
	doc, err := o.compose(ctx, r)
	if err != nil {
		return orderapi.Summary{}, err
	}
	w := o.hub.enter(doc.ID)
	defer func() { w.leave() }()
	taken := doc.Summary
	id, repeated, err := web.Once(ctx, o.db, r.Kind, key, body, func(tx *store.Tx) (string, error) {
		d := *doc
		d.Lines = slices.Clone(doc.Lines) // the transaction may run again
		err := o.take(tx, &d)
		taken = d.Summary
		return d.ID, err
	})
	if err != nil {
		return orderapi.Summary{}, err
	}
	if repeated {
		w.leave()
		w = o.hub.enter(id)
		if taken, err = o.read(ctx, id); err != nil {
			return taken, err
		}
	}
	return o.await(ctx, w, taken, patience)
}

// compose checks the request against what is known and makes its document.
func (o *office) compose(ctx context.Context, r Request) (*Document, error) {
	doc, err := Compose(o.db.NewID().String(), r, o.db.Clock().Now(), func(code string) (string, error) {
		return o.known.kind(ctx, code)
	})
	if err != nil || r.Customer == "" {
		return doc, err
	}
	registered, err := o.known.customer(ctx, r.Customer)
	if err == nil && !registered {
		err = r.invalid(fmt.Errorf("no customer is registered as %q", r.Customer))
	}
	return doc, err
}

// take stores a new document and begins its saga, or decides it at once where no
// other service has a say.
func (o *office) take(tx *store.Tx, d *Document) error {
	key := accountKey(d.Customer, d.ID)
	switch d.Kind {
	case orderapi.KindOrder:
		if !d.NegativePrice() {
			return o.placements.Start(tx, d.ID, key, newPlacement(d))
		}
		d.Status, d.Reason = orderapi.StatusRejected, orderapi.ReasonNegativePrice
		if err := publishRejected(tx, orderapi.Rejected{Document: d.ID, Customer: d.Customer, Reason: d.Reason}); err != nil {
			return err
		}
	case orderapi.KindReturn:
		if err := match(tx, d); err != nil {
			return err
		}
		if d.Matched() {
			return o.refundings.Start(tx, d.ID, key, &refunding{Document: d.ID, Customer: d.Customer, Currency: d.Currency, Goods: d.Goods, fresh: d})
		}
		d.Status, d.Reason = orderapi.StatusRejected, orderapi.ReasonNoEarlierSale
	case orderapi.KindAdjustment:
		if d.Goods {
			return o.adjustments.Start(tx, d.ID, key, &adjusting{Document: d.ID, fresh: d})
		}
		d.Status = orderapi.StatusAccepted // fees have no stock
	}
	return insert(tx, d)
}

// settle decides a document for good and, after commit, wakes who waits for it.
func (o *office) settle(tx *store.Tx, id, status, reason string) error {
	if err := decide(tx, id, status, reason); err != nil {
		return err
	}
	tx.AfterCommit(func() { o.hub.wake(id, verdict{status, reason}) })
	return nil
}

// glance is how often a document is looked at while somebody waits for it, where
// another process may settle it.
const glance = 100 * time.Millisecond

// await returns the document once it is settled, or as it stands when patience is
// at its end.
func (o *office) await(ctx context.Context, w *waiter, s orderapi.Summary, patience time.Duration) (orderapi.Summary, error) {
	if patience <= 0 || s.Settled() {
		return s, nil
	}
	enough := o.db.Clock().After(patience)
	for !s.Settled() {
		var look <-chan time.Time
		if o.db.Capabilities().Shared {
			look = o.db.Clock().After(glance)
		}
		var err error
		select {
		case v := <-w.settled:
			return v.of(s), nil
		case <-look:
			if s, err = o.read(ctx, s.ID); err != nil {
				return s, err
			}
		case <-enough:
			return o.read(ctx, s.ID)
		case <-ctx.Done():
			return s, &bailiwick.Error{Code: bailiwick.Unavailable, Op: "order: wait for " + s.ID, Err: ctx.Err(), Do: "ask for the document again"}
		}
	}
	return s, nil
}

// read returns a document as it stands, without its lines.
func (o *office) read(ctx context.Context, id string) (s orderapi.Summary, err error) {
	err = o.db.Read(ctx, func(tx *store.Tx) error {
		var err error
		s, err = summary(tx, id)
		return err
	})
	return s, err
}
