// Package replay turns a year of a real shop's trade into requests to the services'
// public APIs, and then proves from their own figures that they agree, to the last
// thousandth.
//
// It reads the file twice: once to find its faults and to learn what the catalog,
// the customers and the stock have to be, and once to send every invoice. An
// invoice becomes an order, a return or an adjustment. Each document has an
// Idempotency-Key of its own, so that a replay that was interrupted or killed is
// simply run again: what is there is answered as before, the rest is done.
package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/retail"
)

// Options say what to replay, and how. Open and Clients must be set.
type Options struct {
	// Open opens the file, plain or gzipped, at its beginning. It is called twice.
	Open func() (io.ReadCloser, error)
	// Clients call the shop.
	Clients *shop.Clients
	// Stock is the opening stock of each code as a share of what the file sells of
	// it, "0.9" for nine tenths, rounded down to units; "unlimited" is as much as
	// the file sells and writes off. Empty means "0.9".
	Stock string
	// Credit is every customer's credit limit in pounds, "20000", or "unlimited".
	// Empty means "20000".
	Credit string
	// Parallel is how many documents are in flight at once; 0 means 64. Each
	// customer's invoices keep their order whatever it is.
	Parallel int
	// Progress is told how it goes; nil means nobody is.
	Progress io.Writer
	// Terminal draws a bar on Progress instead of writing lines.
	Terminal bool
	// Every is how many lines of the file lie between two lines of progress; 0 means
	// that one is written every two seconds.
	Every int
	// Patience is how long a service may be unavailable, or a state may stand
	// still, before the replay gives up; 0 means a minute.
	Patience time.Duration
	// Usage tells what the shop's process has used so far, where the caller knows;
	// nil leaves it out of the report.
	Usage func() Usage
	// Clock is where time comes from; nil means the system's.
	Clock bailiwick.Clock
}

// The defaults of [Options].
const (
	DefaultStock    = "0.9"
	DefaultCredit   = "20000"
	DefaultParallel = 64
	defaultPatience = time.Minute
)

func (o Options) withDefaults() Options {
	if o.Stock == "" {
		o.Stock = DefaultStock
	}
	if o.Credit == "" {
		o.Credit = DefaultCredit
	}
	if o.Parallel <= 0 {
		o.Parallel = DefaultParallel
	}
	if o.Patience <= 0 {
		o.Patience = defaultPatience
	}
	if o.Clock == nil {
		o.Clock = bailiwick.SystemClock{}
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	return o
}

// Run replays the file, waits until the shop is at rest, and reconciles it. The
// replay is exact if, and only if, the report says so: Run returns an error only if
// it could not get as far as that.
//
// A file with a fault is refused before anything is done about it, with the code
// [bailiwick.Invalid] and the number of the line. A shop that holds a replay of
// another file, or with another stock or credit, is refused with the code
// [bailiwick.Conflict]. A replay that ctx ends has the code [bailiwick.Unavailable];
// run again, it goes on from there.
func Run(ctx context.Context, opts Options) (*Report, error) {
	opts = opts.withDefaults()
	report, err := run(ctx, opts)
	if err != nil && ctx.Err() != nil {
		return nil, &bailiwick.Error{Code: bailiwick.Unavailable, Op: "replay: run", Err: context.Cause(ctx),
			Do: "run it again with the same options: it goes on where it stopped"}
	}
	return report, err
}

func run(ctx context.Context, opts Options) (*Report, error) {
	terms, err := parseTerms(opts)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(opts.Progress, "replay: reading the file")
	in, err := inspect(ctx, opts)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(opts.Progress, "replay: filling the shop")
	patient := persistence{clock: opts.Clock, patience: opts.Patience}
	rest := &rest{persistence: patient, clients: opts.Clients}
	stock, err := (&setup{persistence: patient, clients: opts.Clients, rest: rest, terms: terms}).run(ctx, in)
	if err != nil {
		return nil, err
	}
	var before, after Usage
	if opts.Usage != nil {
		before = opts.Usage()
	}
	drive := newDrive(opts, in)
	books, err := drive.run(ctx, opts.Open, in)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(opts.Progress, "replay: reconciling")
	if err := rest.await(ctx); err != nil {
		return nil, err
	}
	if opts.Usage != nil {
		after = opts.Usage()
	}
	report := &Report{
		File: FileFigures{Lines: in.Lines, Invoices: in.Invoices, Cancellations: in.Cancellations, Customers: len(in.Customers()), Codes: len(in.Products()), Amount: in.Total},
		Run:  drive.figures(),
	}
	report.Run.Usage = after.since(before)
	report.Run.Stock, report.Run.Credit = opts.Stock, opts.Credit
	return report, (&reconciliation{clients: opts.Clients, in: in, books: books, opening: stock, report: report}).run(ctx)
}

func inspect(ctx context.Context, opts Options) (in *retail.Inspection, err error) {
	file, err := opts.Open()
	if err != nil {
		return nil, notOpened(err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	r, err := retail.NewReader(file)
	if err != nil {
		return nil, err
	}
	return retail.Inspect(ctx, r)
}

func notOpened(err error) error {
	return &bailiwick.Error{Code: bailiwick.NotFound, Op: "replay: open the file", Err: err, Do: "name a file that can be read"}
}
