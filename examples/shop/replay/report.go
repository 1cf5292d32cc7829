package replay

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/bailiwick/bailiwick/examples/shop/money"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
)

// Report is what came of a replay. Amounts are in thousandths of a pound.
type Report struct {
	// Exact says that every check holds.
	Exact bool `json:"exact"`
	// File is what the file holds.
	File FileFigures `json:"file"`
	// Run is how the replay went.
	Run RunFigures `json:"run"`
	// Lines are the order service's figures of all lines, by outcome and reason.
	Lines []orderapi.LineFigures `json:"lines"`
	// Documents are its figures of all documents, by kind, status and reason.
	Documents []orderapi.DocumentFigures `json:"documents"`
	// Checks are what was compared, with what.
	Checks []Check `json:"checks"`
}

// FileFigures are the control totals of a file.
type FileFigures struct {
	Lines         int          `json:"lines"`
	Invoices      int          `json:"invoices"`
	Cancellations int          `json:"cancellations"`
	Customers     int          `json:"customers"`
	Codes         int          `json:"codes"`
	Amount        money.Amount `json:"amount"`
}

// RunFigures say how a replay went, from its first document to its last.
type RunFigures struct {
	// Stock, Credit and Parallel are the options it ran with.
	Stock    string `json:"stock"`
	Credit   string `json:"credit"`
	Parallel int    `json:"parallel"`
	// Seconds is how long it took.
	Seconds float64 `json:"seconds"`
	// Documents is how many were settled; Repeated is how many of those an earlier
	// run had stored.
	Documents int `json:"documents"`
	Repeated  int `json:"repeated"`
	// OrdersPerSecond is how many documents were settled in a second.
	OrdersPerSecond float64 `json:"orders_per_second"`
	// ConfirmP50 and ConfirmP99 are the milliseconds from sending an order to its
	// confirmation that half of the orders, and 99 % of them, did not exceed.
	ConfirmP50 float64 `json:"confirm_p50_ms"`
	ConfirmP99 float64 `json:"confirm_p99_ms"`
	// Usage is what the shop's process used from the first document until all was at
	// rest; zero where nobody told.
	Usage Usage `json:"usage"`
}

// Check is one comparison of the reconciliation.
type Check struct {
	// Name says what must be the same: "payment: captured".
	Name string `json:"name"`
	// Expected and Actual are the same if OK.
	Expected string `json:"expected"`
	Actual   string `json:"actual"`
	OK       bool   `json:"ok"`
	// Examples name some of what differs.
	Examples []string `json:"examples,omitempty"`
}

// Print writes the report for people to read.
func (r *Report) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	f, run := r.File, r.Run
	fmt.Fprintf(t, "File\t%d lines, %d invoices (%d cancellations), %d customers, %d codes, %s GBP\n",
		f.Lines, f.Invoices, f.Cancellations, f.Customers, f.Codes, f.Amount.Grouped())
	fmt.Fprintf(t, "Run\t%d documents in %.1f s, %.0f orders/s, %d in flight; order to confirmation p50 %.0f ms, p99 %.0f ms\n",
		run.Documents, run.Seconds, run.OrdersPerSecond, run.Parallel, run.ConfirmP50, run.ConfirmP99)
	if run.Repeated > 0 {
		fmt.Fprintf(t, "\t%d of them were there from an earlier run\n", run.Repeated)
	}
	fmt.Fprintf(t, "Terms\topening stock %s, credit %s\n", run.Stock, run.Credit)

	fmt.Fprintf(t, "\nOUTCOME\tREASON\tLINES\tUNITS\tAMOUNT GBP\n")
	for _, l := range r.Lines {
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%s\n", l.Outcome, l.Reason, l.Lines, l.Units, money.Amount(l.Amount).Grouped())
	}
	fmt.Fprintf(t, "\nDOCUMENT\tSTATUS\tREASON\tDOCUMENTS\tTOTAL GBP\tREFUND GBP\n")
	for _, d := range r.Documents {
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\t%s\n", d.Kind, d.Status, d.Reason, d.Documents, money.Amount(d.Total).Grouped(), money.Amount(d.Refund).Grouped())
	}
	fmt.Fprintf(t, "\nCHECK\tEXPECTED\tACTUAL\t\n")
	for _, c := range r.Checks {
		mark := "ok"
		if !c.OK {
			mark = "DIFFERS"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", c.Name, c.Expected, c.Actual, mark)
		for _, e := range c.Examples {
			fmt.Fprintf(t, "  %s\t\t\t\n", e)
		}
	}
	verdict := "The services agree, to the last thousandth."
	if !r.Exact {
		verdict = "THE SERVICES DO NOT AGREE."
	}
	fmt.Fprintf(t, "\n%s\n", verdict)
	return t.Flush()
}

// same records the comparison of two numbers.
func (r *Report) same(name string, expected, actual int64) {
	r.check(name, strconv.FormatInt(expected, 10), strconv.FormatInt(actual, 10))
}

// amount records the comparison of two amounts.
func (r *Report) amount(name string, expected, actual money.Amount) {
	r.check(name, expected.String(), actual.String())
}

func (r *Report) check(name, expected, actual string) {
	r.Checks = append(r.Checks, Check{Name: name, Expected: expected, Actual: actual, OK: expected == actual})
}

// maxExamples is how many faults of a kind are named.
const maxExamples = 5

// faults counts what breaks a rule, and names the first few.
type faults struct {
	n        int64
	examples []string
}

func (f *faults) add(format string, args ...any) {
	if f.n++; len(f.examples) < maxExamples {
		f.examples = append(f.examples, fmt.Sprintf(format, args...))
	}
}

// none records that a rule must not be broken anywhere.
func (r *Report) none(name string, f *faults) {
	r.same(name, 0, f.n)
	r.Checks[len(r.Checks)-1].Examples = f.examples
}

// sum sets Exact.
func (r *Report) sum() {
	r.Exact = true
	for _, c := range r.Checks {
		r.Exact = r.Exact && c.OK
	}
}
