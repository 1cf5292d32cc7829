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
	if os.Getenv("GOGC") == "" {
		// A replay makes much garbage and keeps little: it has the memory to collect
		// half as often.
		debug.SetGCPercent(200)
	}
	opts := replay.Options{
		Open:  func() (io.ReadCloser, error) { return os.Open(f.replay) },
		Stock: f.stock, Credit: f.credit, Parallel: f.parallel,
		Progress: errOut, Terminal: isTerminal(errOut) && f.progress == 0, Every: f.progress,
	}
	var report *replay.Report
	send := func(ctx context.Context, base string) (err error) {
		if base != "" {
			fmt.Fprintln(errOut, "serving "+base)
		}
		fmt.Fprintln(errOut, "databases in "+dir)
		report, err = replay.Run(ctx, opts)
		return err
	}
	if f.processes {
		fleet := c.newFleet(dir, errOut, f.verbose, slowReport)
		if !cmd.Flags().Changed("addr") {
			f.addr = "127.0.0.1:0"
		}
		err = fleet.run(cmd.Context(), &f.listenFlags, func(ctx context.Context, base string) error {
			opts.Clients = fleet.clients(&f.listenFlags, base)
			return send(ctx, base)
		})
	} else {
		err = replayHere(cmd, f, dir, &opts, send)
	}
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

// replayHere sends a file to a shop in this process.
func replayHere(cmd *cobra.Command, f demoFlags, dir string, opts *replay.Options, send func(ctx context.Context, base string) error) error {
	s, err := openShop(cmd.Context(), dir, cmd.ErrOrStderr(), f.verbose, slowReport)
	if err != nil {
		return err
	}
	var listen *listenFlags
	if cmd.Flags().Changed("addr") {
		listen = &f.listenFlags
	}
	opts.Clients, opts.Usage = s.clients, s.usage
	return s.run(cmd.Context(), listen, send)
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
