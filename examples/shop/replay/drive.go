package replay

import (
	"context"
	"errors"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/bailiwick/bailiwick/examples/shop/retail"
)

// perWorker is how many invoices are held for each document in flight: enough that
// a customer who buys often does not keep the others waiting, and no more.
const perWorker = 16

// drive sends the invoices of a file: many at once, but each customer's one after
// another, the next when the one before is settled.
type drive struct {
	submitter submitter
	parallel  int
	meter     *meter

	window chan struct{} // holds one for each invoice between reading and settling
	ready  chan *job     // may be sent now; as large as the window, so that nobody blocks
	done   chan struct{} // closed when all are settled

	mu      sync.Mutex
	waiting map[string][]*job // behind a customer's invoice that is being sent
}

// job is one invoice on its way.
type job struct {
	customer  string
	lines     int
	documents []document
}

func newDrive(opts Options, in *retail.Inspection) *drive {
	size := opts.Parallel * perWorker
	return &drive{
		submitter: submitter{persistence{opts.Clock, opts.Patience}, opts.Clients},
		parallel:  opts.Parallel,
		meter:     newMeter(opts, in.Lines),
		window:    make(chan struct{}, size),
		ready:     make(chan *job, size),
		done:      make(chan struct{}),
		waiting:   map[string][]*job{},
	}
}

// run reads the file and sends it. It returns what the file says has to be there.
func (d *drive) run(ctx context.Context, open func() (io.ReadCloser, error), in *retail.Inspection) (b *books, err error) {
	file, err := open()
	if err != nil {
		return nil, notOpened(err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	r, err := retail.NewReader(file)
	if err != nil {
		return nil, err
	}
	b = newBooks()
	d.meter.begin()
	defer d.meter.end()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return d.feed(ctx, retail.NewAssembler(r, in), b) })
	for range d.parallel {
		group.Go(func() error { return d.work(ctx) })
	}
	return b, group.Wait()
}

// feed reads invoices as fast as they are settled.
func (d *drive) feed(ctx context.Context, invoices *retail.Assembler, b *books) error {
	for {
		invoice, err := invoices.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		j := &job{customer: invoice.Customer, lines: len(invoice.Lines), documents: documents(invoice)}
		for i := range j.documents {
			b.enter(&j.documents[i])
		}
		if err := d.enter(ctx); err != nil {
			return err
		}
		d.dispatch(j)
	}
	for range cap(d.window) { // until nobody else is in it
		if err := d.enter(ctx); err != nil {
			return err
		}
	}
	close(d.done)
	return nil
}

func (d *drive) enter(ctx context.Context) error {
	select {
	case d.window <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// dispatch has an invoice sent now, or after those of the same customer.
func (d *drive) dispatch(j *job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if j.customer != "" {
		if queue, busy := d.waiting[j.customer]; busy {
			d.waiting[j.customer] = append(queue, j)
			return
		}
		d.waiting[j.customer] = nil
	}
	d.ready <- j
}

func (d *drive) work(ctx context.Context) error {
	for {
		select {
		case j := <-d.ready:
			if err := d.send(ctx, j); err != nil {
				return err
			}
			d.release(j)
		case <-d.done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (d *drive) send(ctx context.Context, j *job) error {
	for i := range j.documents {
		begun := d.submitter.clock.Now()
		summary, err := d.submitter.settle(ctx, &j.documents[i])
		if err != nil {
			return err
		}
		d.meter.settled(summary, d.submitter.clock.Now().Sub(begun))
	}
	d.meter.sent(j.lines)
	return nil
}

// release lets the customer's next invoice go, and one more be read.
func (d *drive) release(j *job) {
	d.mu.Lock()
	if j.customer != "" {
		if queue := d.waiting[j.customer]; len(queue) > 0 {
			d.waiting[j.customer] = queue[1:]
			d.ready <- queue[0]
		} else {
			delete(d.waiting, j.customer)
		}
	}
	d.mu.Unlock()
	<-d.window
}

func (d *drive) figures() RunFigures {
	f := d.meter.figures()
	f.Parallel = d.parallel
	return f
}
