package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service/admin"
)

// sagaOf is a saga with the service whose it is.
type sagaOf struct {
	Service string `json:"service"`
	saga.Status
}

var sagaStates = []string{saga.Running, saga.Compensating, saga.Completed, saga.Compensated, saga.Parked}

func (c *cli) saga() *cobra.Command {
	return family("saga", "Look after sagas", "List and show sagas, and help those that wait for a person.",
		c.sagaList(), c.sagaShow(), c.sagaRetry(), c.sagaResolve())
}

func (c *cli) sagaList() *cobra.Command {
	var f saga.Filter
	cmd := &cobra.Command{Use: "list", Short: "List sagas, latest first",
		Example: "  bailiwick saga list --data bailiwick-data --state parked\n  bailiwick saga list --db sqlite:order.db --limit 1000 --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, s := range f.States {
				if !slices.Contains(sagaStates, s) {
					return usagef("a saga's state is one of %s, not %q", strings.Join(sagaStates, ", "), s)
				}
			}
			list := []sagaOf{}
			err := c.at.each(cmd.Context(), func(p place) error {
				page, err := saga.List(cmd.Context(), p.DB, f)
				for _, s := range page {
					list = append(list, sagaOf{p.Owner(), s})
				}
				return err
			})
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(list)
			}
			t := table{}
			t.row("SERVICE", "SAGA", "NAME", "STATE", "STEP", "STARTED", "REASON")
			for _, s := range list {
				t.row(s.Service, s.ID, s.Name, s.State, waitsFor(s.Status), clock(s.Started), s.Reason)
			}
			return c.print(t)
		}}
	cmd.Flags().StringSliceVar(&f.States, "state", nil, "only those in these states: "+strings.Join(sagaStates, ", "))
	cmd.Flags().StringVar(&f.Name, "name", "", "only those of this definition")
	cmd.Flags().StringVar(&f.After, "after", "", "go on after the saga with this id")
	cmd.Flags().IntVar(&f.Limit, "limit", 100, "how many of each service")
	_ = cmd.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(sagaStates, cobra.ShellCompDirectiveNoFileComp))
	return c.at.flags(cmd)
}

// waitsFor is the step whose answer a saga waits for.
func waitsFor(s saga.Status) string {
	if s.Step == "" || s.Op == "do" {
		return s.Step
	}
	return s.Op + " " + s.Step
}

func (c *cli) sagaShow() *cobra.Command {
	cmd := &cobra.Command{Use: "show SAGA", Short: "Show one saga with every step, times and attempts",
		Example: "  bailiwick saga show 0198c0de-0000-7000-8000-000000000000 --data bailiwick-data",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, s, err := c.findSaga(cmd, args[0])
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(s)
			}
			return c.printSaga(s)
		}}
	return c.at.flags(cmd)
}

func (c *cli) printSaga(s sagaOf) error {
	head := table{}
	head.row("saga", s.ID)
	head.row("name", s.Service+"/"+s.Name)
	head.row("key", s.Key)
	head.row("state", s.State)
	for _, line := range [][2]string{{"step", waitsFor(s.Status)}, {"reason", s.Reason}} {
		if line[1] != "" {
			head.row(line[0], line[1])
		}
	}
	head.row("started", clock(s.Started))
	if s.Ended != nil {
		head.row("ended", clock(*s.Ended))
	}
	if s.Due != nil {
		head.row("due", clock(*s.Due))
	}
	if len(s.Data) > 0 {
		head.row("data", string(s.Data))
	}
	if err := c.print(head); err != nil {
		return err
	}
	fmt.Fprintln(c.out)
	steps := table{}
	steps.row("STEP", "OP", "OUTCOME", "ATTEMPTS", "BEGUN", "TOOK", "REASON")
	for _, e := range s.Log {
		outcome, took := e.Outcome, ""
		if outcome == "" {
			outcome = "awaited"
		}
		if e.Ended != nil {
			took = e.Ended.Sub(e.Begun).Round(time.Microsecond).String()
		}
		steps.row(e.Step, e.Op, outcome, strconv.Itoa(e.Attempts), clock(e.Begun), took, e.Reason)
	}
	return c.print(steps)
}

// findSaga looks for a saga in the databases that were named.
func (c *cli) findSaga(cmd *cobra.Command, id string) (at string, found sagaOf, err error) {
	err = c.at.each(cmd.Context(), func(p place) error {
		s, err := saga.Show(cmd.Context(), p.DB, id)
		if bailiwick.CodeOf(err) == bailiwick.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		at, found = p.url, sagaOf{p.Owner(), s}
		return errEnough
	})
	if err == nil && at == "" {
		err = &bailiwick.Error{Code: bailiwick.NotFound, Op: "find saga " + id, Err: errNone, Do: "see bailiwick saga list"}
	}
	return at, found, err
}

func (c *cli) sagaRetry() *cobra.Command {
	cmd := &cobra.Command{Use: "retry SAGA", Short: "Have a parked saga go on from where it was parked",
		Example: "  bailiwick saga retry 0198c0de-0000-7000-8000-000000000000 --data bailiwick-data",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.changeSaga(cmd, admin.Operation{Action: admin.SagaRetry, Saga: args[0]})
		}}
	return c.at.flags(cmd)
}

func (c *cli) sagaResolve() *cobra.Command {
	o := admin.Operation{Action: admin.SagaResolve}
	cmd := &cobra.Command{Use: "resolve SAGA --as completed|compensated --reason TEXT",
		Short:   "End a parked saga by your word, once you have put things right by other means",
		Example: `  bailiwick saga resolve 0198c0de-0000-7000-8000-000000000000 --as compensated --reason "refunded by hand, ticket 12"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.As != saga.Completed && o.As != saga.Compensated {
				return usagef("--as is %s or %s, not %q", saga.Completed, saga.Compensated, o.As)
			}
			if strings.TrimSpace(o.Reason) == "" {
				return usagef("--reason must say why, for whoever reads the saga's log later")
			}
			o.Saga = args[0]
			return c.changeSaga(cmd, o)
		}}
	cmd.Flags().StringVar(&o.As, "as", "", "how it ended: completed or compensated")
	cmd.Flags().StringVar(&o.Reason, "reason", "", "why, for the saga's log")
	_ = cmd.MarkFlagRequired("as")
	_ = cmd.MarkFlagRequired("reason")
	_ = cmd.RegisterFlagCompletionFunc("as", cobra.FixedCompletions([]string{saga.Completed, saga.Compensated}, cobra.ShellCompDirectiveNoFileComp))
	return c.at.flags(cmd)
}

func (c *cli) changeSaga(cmd *cobra.Command, o admin.Operation) error {
	at, found, err := c.findSaga(cmd, o.Saga)
	if err != nil {
		return err
	}
	return c.change(cmd, at, found.Service, o)
}
