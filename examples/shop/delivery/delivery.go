package delivery

import (
	"fmt"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/delivery/deliveryapi"
)

// plan makes a delivery of a consignment. Something to deliver and somewhere to
// deliver it to are needed. The order is decided by now, so a consignment without
// is not refused but a mistake of the sender.
func plan(c deliveryapi.Consignment, now time.Time) (deliveryapi.Delivery, error) {
	if c.Document == "" || c.Country == "" || c.Items < 1 {
		return deliveryapi.Delivery{}, &bailiwick.Error{Code: bailiwick.Invalid, Op: "delivery: schedule " + c.Document,
			Err: fmt.Errorf("%d items to %q", c.Items, c.Country), Do: "correct the sender, then discard or replay the parked key"}
	}
	return deliveryapi.Delivery{
		Document: c.Document,
		Customer: c.Customer,
		Country:  c.Country,
		Items:    c.Items,
		State:    deliveryapi.Scheduled,
		At:       now.UTC().Truncate(time.Millisecond),
	}, nil
}
