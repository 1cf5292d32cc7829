package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/replay"
)

// slowReport is from when on a query is slow in a replay: its last ones add up all
// that a year has brought, and are meant to take a second or two.
const slowReport = 10 * time.Second

// runReplay sends a file through the shop's APIs and prints whether all agrees.
func (c *cli) runReplay(cmd *cobra.Command, f demoFlags) error {
	errOut := cmd.ErrOrStderr()
	if info, err := os.Stat(f.replay); err != nil || info.IsDir() {
		return &bailiwick.Error{Code: bailiwick.NotFound, Op: "replay " + f.replay, Err: errors.New("there is no such file"), Do: "name a CSV file, plain or gzipped"}
	}
	dir, err := dataDir(f.data, defaultReplay)
	if err != nil {
		return err
	}
	var listen *listenFlags
	if cmd.Flags().Changed("addr") {
		listen = &f.listenFlags
	}
	if os.Getenv("GOGC") == "" {
		// A replay makes much garbage and keeps little: it has the memory to collect
		// half as often.
		debug.SetGCPercent(200)
	}
	s, err := openShop(cmd.Context(), dir, errOut, f.verbose, slowReport)
	if err != nil {
		return err
	}
	var report *replay.Report
	err = s.run(cmd.Context(), listen, func(ctx context.Context, base string) (err error) {
		if base != "" {
			fmt.Fprintln(errOut, "serving "+base)
		}
		fmt.Fprintln(errOut, "databases in "+dir)
		report, err = replay.Run(ctx, replay.Options{
			Open:  func() (io.ReadCloser, error) { return os.Open(f.replay) },
			Stock: f.stock, Credit: f.credit, Parallel: f.parallel, Usage: s.usage,
			Clients: s.clients, Progress: errOut, Terminal: isTerminal(errOut) && f.progress == 0, Every: f.progress,
		})
		return err
	})
	if err != nil {
		return err
	}
	if c.json {
		err = c.printJSON(report)
	} else {
		err = report.Print(c.out)
	}
	if err == nil && !report.Exact {
		err = errUnbalanced
	}
	return err
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// usage is what this process and its databases have used so far.
func (s *runningShop) usage() replay.Usage {
	u := replay.Usage{CPUSeconds: cpuSeconds()}
	for _, one := range s.services {
		stats := one.DB.Stats()
		u.Commits += stats.Commits
		u.Syncs += stats.Syncs
		if state, err := one.DB.Log().State(context.Background()); err == nil {
			u.Messages += state.Head
		}
	}
	return u
}
