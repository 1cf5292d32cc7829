package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/service/supervise"
	"github.com/bailiwick/bailiwick/store"
)

// runFlags are those of a service that runs alone.
type runFlags struct {
	db, data string
	listenFlags
	peers             peers
	standby, lifeline bool
	verbose           bool
	slow, drain       time.Duration
	lanes             int
	connections       int
}

func (c *cli) run() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{Use: "run SERVICE", Short: "Run one service of the shop alone",
		Long: `Run one service of the shop in a process of its own, with its own database. It serves
its API under /SERVICE/ and its log at /SERVICE/feed, and follows the logs of the
others over HTTP, wherever --peers or --peer says that they are. They may start in any
order, and be away for a while: nothing is lost, and a service takes requests once it
is registered with the logs that it follows.

Several processes may run one service on one PostgreSQL database: they share its work.
A SQLite database belongs to one process; a second one with --standby waits for it and
takes over when the first ends, however it ends.

Ctrl-C or SIGTERM stops it once what is under way has come to rest.`,
		Example: `  bailiwick run order --data /srv/shop --peers http://127.0.0.1:8080
  bailiwick run order --db sqlite:/srv/order.db --addr 127.0.0.1:8081 --peer user=http://127.0.0.1:8082 …
  bailiwick run order --db postgres://order@db/order --peers http://shop.internal
  bailiwick run order --db sqlite:/srv/order.db --addr 127.0.0.1:8091 --peers http://127.0.0.1:8080 --standby`,
		Args: cobra.ExactArgs(1), ValidArgs: shop.Names(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.peers.check(args[0]); err != nil {
				return err
			}
			if f.lanes < 0 || f.connections < 2 {
				return usagef("--lanes is at least 1 and --connections at least 2")
			}
			return c.runOne(cmd.Context(), cmd.ErrOrStderr(), args[0], f)
		}}
	flags := cmd.Flags()
	flags.StringVar(&f.db, "db", "", "its database: sqlite:PATH or postgres://…")
	flags.StringVar(&f.data, "data", "", "directory of its database, SERVICE.db (default "+defaultData+")")
	f.listenFlags.register(cmd)
	f.peers.register(cmd)
	flags.BoolVar(&f.standby, "standby", false, "wait for a SQLite database that another process holds, and take over when it ends")
	flags.DurationVar(&f.drain, "drain", 10*time.Second, "how long what is under way may take to come to rest once it is stopped")
	flags.DurationVar(&f.slow, "slow-query", 0, "log queries that take so long, without their arguments (default 500ms)")
	flags.IntVar(&f.lanes, "lanes", 0, "how many workers share each log that it follows, in all its processes together (default 1, on PostgreSQL 4)")
	flags.IntVar(&f.connections, "connections", 16, "most connections to PostgreSQL")
	flags.BoolVar(&f.lifeline, "lifeline", false, "stop when standard input ends, and print where it listens as JSON: for a parent process")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "log every request")
	cmd.MarkFlagsMutuallyExclusive("db", "data")
	_ = cmd.MarkFlagDirname("data") // fails only for a flag that does not exist
	return cmd
}

// runOne runs one service until ctx ends.
func (c *cli) runOne(ctx context.Context, errOut io.Writer, name string, f runFlags) error {
	if f.lifeline {
		ctx = supervise.Lifeline(ctx)
		context.AfterFunc(ctx, func() { // a process whose parent is gone must not hang
			time.AfterFunc(f.drain+lastResort, func() { os.Exit(exitAtOnce) })
		})
	}
	e := newEquipment(errOut, f.verbose)
	sources, err := f.peers.sources(e.logger)
	if err != nil {
		return err
	}
	s := &runningShop{}
	open, err := s.opener(e, name, f)
	if err != nil {
		return err
	}
	one, err := shop.OpenOne(ctx, name, open)
	if err != nil {
		if ctx.Err() != nil {
			return nil // stopped while it stood by
		}
		return err
	}
	lanes := f.lanes
	if lanes == 0 && one.DB.Capabilities().Shared {
		lanes = sharedLanes
	}
	err = s.equip(e, service.Options{Sources: sources, DrainTimeout: f.drain,
		Tune: func(_ *service.Service, f *follow.Follower) { f.Lanes = lanes }}, one)
	if err != nil {
		return err
	}
	s.listening = func(base string) error { return c.tellWhere(name, base, f.lifeline) }
	return s.run(ctx, &f.listenFlags, func(ctx context.Context, _ string) error {
		e.logger.Info("the service takes requests", "service", name)
		<-ctx.Done()
		return nil
	})
}

// sharedLanes is how many lanes a log is followed in where several processes may do
// it: enough that each of a few has its share.
const sharedLanes = 4

// lastResort is how long after its drain a process may take to end.
const lastResort = 10 * time.Second

// tellWhere prints where a service listens, in one line; for a program as JSON.
func (c *cli) tellWhere(name, base string, program bool) error {
	if c.json || program {
		return json.NewEncoder(c.out).Encode(map[string]any{"service": name, "url": base, "pid": os.Getpid()})
	}
	_, err := fmt.Fprintf(c.out, "%s is at %s/%s/\n", name, base, name)
	return err
}

// opener returns what opens the database that the flags name.
func (s *runningShop) opener(e *equipment, name string, f runFlags) (shop.Opener, error) {
	url, err := databaseOf(name, f.db, f.data)
	if err != nil {
		return nil, err
	}
	path, file, err := fileOf(url)
	if err != nil {
		return nil, err
	}
	opts := e.store(name)
	opts.SlowQuery = f.slow
	if file {
		path, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		s.files = []string{path}
		s.socketDir = strings.TrimSuffix(path, ".db") + ".admin"
		return func(ctx context.Context, name string, migrations []store.Migration) (*store.DB, error) {
			return awaitTurn(ctx, f.standby, e, func() (*store.DB, error) {
				return sqlite.Open(ctx, path, sqlite.Options{Owner: name, Migrations: migrations, Store: opts})
			})
		}, nil
	}
	return func(ctx context.Context, name string, migrations []store.Migration) (*store.DB, error) {
		return postgres.Open(ctx, url, postgres.Options{Owner: name, Migrations: migrations, Store: opts, MaxConns: f.connections})
	}, nil
}

// turn is how often a standby asks whether the database is free.
const turn = 200 * time.Millisecond

// awaitTurn opens a database, and where another process holds it and standby is
// set, waits for that to end.
func awaitTurn(ctx context.Context, standby bool, e *equipment, open func() (*store.DB, error)) (*store.DB, error) {
	for waited := false; ; waited = true {
		db, err := open()
		if !standby || bailiwick.CodeOf(err) != bailiwick.Locked {
			if waited && err == nil {
				e.logger.Info("taking over", "service", db.Owner())
			}
			return db, err
		}
		if !waited {
			e.logger.Info("standing by", "because", err)
		}
		select {
		case <-time.After(turn):
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		}
	}
}
