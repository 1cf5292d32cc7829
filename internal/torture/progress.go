package torture

import (
	"context"
	"fmt"
	"time"

	"github.com/bailiwick/bailiwick/internal/torture/nemesis"
)

// telling is how often it is told how the campaign goes.
const telling = 5 * time.Second

// tell says every few seconds how it goes, until ctx ends.
func (c *campaign) tell(ctx context.Context) error {
	for c.pause(ctx, telling) {
		total, counts := 0, c.faults.Counts()
		for _, n := range counts {
			total += n
		}
		so := c.opts.Clock.Now().Sub(c.begun).Round(time.Second)
		if _, err := fmt.Fprintf(c.opts.Progress, "torture: %s of %s, %d faults, %d of them kills\n", so, c.opts.For, total, counts[nemesis.Kill]); err != nil {
			return broken("tell how it goes", err)
		}
	}
	return nil
}
