package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/torture"
	"github.com/bailiwick/bailiwick/internal/torture/nemesis"
)

// tortureFlags are those of a campaign.
type tortureFlags struct {
	seed             uint64
	duration         time.Duration
	engine, db, data string
	clients          int
	faults           []string
	restart          string
	verbose          bool
}

func (c *cli) torture() *cobra.Command {
	var f tortureFlags
	cmd := &cobra.Command{Use: "torture", Short: "Break four services that move money, and see whether any is lost",
		Long: `Run a small bank of four services, each with its own database and in processes of its
own, while clients move money; kill and stop the processes, cut, delay, lose, repeat
and reorder what goes between them, fill their disks, move their clocks, restart their
server. Then everything is mended, comes to rest, and is held against what the clients
were told: no money lost or doubled, nothing half done, nothing stuck.

The same seed gives the same faults in the same order. On PostgreSQL each service has
two processes; four databases of their own are made on the server that --db names, and
dropped at the end. Exit code 0 says that every promise was kept, 4 that one was not;
then what was seen and written is kept, and it is told where.

Ctrl-C ends the torture early; what was done until then is judged all the same.`,
		Example: `  bailiwick torture --seed 7 --for 1m
  bailiwick torture --for 20m --faults kill,stop,lose,repeat --json
  bailiwick torture --for 20m --db postgres://postgres@127.0.0.1/postgres \
    --restart-server 'pg_ctl -D /srv/pg restart -m immediate'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := armProof(); err != nil {
				return err // the processes would refuse as well, one by one
			}
			if err := f.check(cmd); err != nil {
				return err
			}
			return c.runTorture(cmd.Context(), cmd.ErrOrStderr(), f)
		}}
	flags := cmd.Flags()
	flags.Uint64Var(&f.seed, "seed", 0, "the same seed gives the same faults in the same order (default a new one, which is printed)")
	flags.DurationVar(&f.duration, "for", time.Minute, "how long the services are tortured")
	flags.StringVar(&f.engine, "engine", "", "the engine of their databases: sqlite or postgres (default what --db names, else sqlite)")
	flags.StringVar(&f.db, "db", "", "a database of the PostgreSQL server to use, as a role that may create databases: postgres://…")
	flags.StringVar(&f.data, "data", "", "keep histories, logs and SQLite databases in this directory, which has to be empty (default a temporary one, which is kept where a promise is broken)")
	flags.IntVar(&f.clients, "clients", 12, "how many clients work at once")
	flags.StringSliceVar(&f.faults, "faults", nil, "only these: "+joinKinds()+" (default all that are possible; \"none\" breaks nothing)")
	flags.StringVar(&f.restart, "restart-server", "", "command that restarts the database server without a shutdown and returns when it is up")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "log every start and end of a process")
	cmd.MarkFlagsMutuallyExclusive("db", "data")
	_ = cmd.MarkFlagDirname("data") // fails only for a flag that does not exist
	cmd.AddCommand(c.newTortureServeCommand())
	return cmd
}

func joinKinds() string {
	var names []string
	for _, k := range nemesis.Kinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// check finds what is wrong with the flags, and fills in what they leave open.
func (f *tortureFlags) check(cmd *cobra.Command) error {
	if !cmd.Flags().Changed("seed") {
		f.seed = uint64(rand.Uint32())
	}
	if f.engine == "" {
		if f.engine = "sqlite"; f.db != "" {
			f.engine = "postgres"
		}
	}
	_, file, err := fileOf(f.db)
	switch {
	case f.engine != "sqlite" && f.engine != "postgres":
		return usagef("--engine is sqlite or postgres, not %q", f.engine)
	case f.engine == "sqlite" && f.db != "":
		return usagef("SQLite databases lie in a directory: name it with --data, not --db")
	case f.engine == "postgres" && (err != nil || file):
		return usagef("which server? name one of its databases with --db postgres://…")
	case f.restart != "" && f.engine != "postgres":
		return usagef("--restart-server is for an engine that has a server")
	case f.duration <= 0 || f.clients < 1:
		return usagef("--for and --clients are more than nothing")
	}
	opts := f.options()
	for _, k := range opts.Faults {
		if err := opts.Possible(k); err != nil {
			return usagef("--faults %s: %w", k, err)
		}
	}
	return nil
}

// options are those that the flags say: what is tortured, and by what.
func (f *tortureFlags) options() torture.Options {
	opts := torture.Options{Seed: f.seed, For: f.duration, Engine: f.engine, Clients: f.clients, Faults: f.kinds(), Files: f.engine == "sqlite"}
	if f.engine == "postgres" {
		opts.Instances, opts.Storm, opts.Pauses = 2, 25*time.Second, [2]time.Duration{time.Second, 13 * time.Second} // leases last 10 s
	}
	if f.restart != "" {
		opts.RestartServer = func(ctx context.Context) error { return shell(ctx, f.restart) }
	}
	return opts
}

// runTorture runs a campaign and prints its report.
func (c *cli) runTorture(ctx context.Context, errOut io.Writer, f tortureFlags) error {
	dir, err := f.directory()
	if err != nil {
		return err
	}
	databases := databaseFiles(dir)
	if f.engine == "postgres" {
		databases, err = makeDatabases(ctx, f.db, fmt.Sprintf("bailiwick_torture_%d", os.Getpid()))
		if err != nil {
			return err
		}
	}
	level := slog.LevelWarn + 5 // a child that dies is no news
	if f.verbose {
		level = slog.LevelInfo
	}
	opts := f.options()
	opts.Dir, opts.Progress, opts.Logger = dir, errOut, slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: level}))
	opts.Command = func(life context.Context, service string, peers map[string]string) *exec.Cmd {
		return tortured(life, service, databases.urls[service], peers)
	}
	fmt.Fprintf(errOut, "torture: seed %d, in %s\n", f.seed, dir)
	report, err := torture.Run(ctx, opts)
	if err != nil || !report.Sound {
		fmt.Fprintf(errOut, "torture: what was seen is kept in %s%s\n", dir, databases.kept())
	}
	if err != nil {
		return err
	}
	if c.json {
		err = c.printJSON(report)
	} else {
		err = report.Print(c.out)
	}
	switch {
	case err != nil:
		return err
	case !report.Sound:
		return errViolated
	}
	return errors.Join(databases.drop(), f.tidy(dir))
}

// kinds are the faults that were named; nil means all that are possible.
func (f *tortureFlags) kinds() []nemesis.Kind {
	if f.faults == nil {
		return nil
	}
	kinds := []nemesis.Kind{}
	for _, name := range f.faults {
		if name != "none" {
			kinds = append(kinds, nemesis.Kind(name))
		}
	}
	return kinds
}

// directory makes the directory of a campaign.
func (f *tortureFlags) directory() (string, error) {
	failed := func(err error) (string, error) {
		return "", &bailiwick.Error{Code: bailiwick.Unavailable, Op: "torture: make its directory", Err: err, Do: "name an empty one with --data"}
	}
	if f.data == "" {
		dir, err := os.MkdirTemp("", "bailiwick-torture-")
		if err != nil {
			return failed(err)
		}
		return dir, nil
	}
	dir, err := dataDir(f.data, "")
	if err != nil {
		return "", err
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		return failed(errors.Join(err, fmt.Errorf("%s is not empty", dir)))
	}
	return dir, nil
}

// tidy removes a directory that nobody named and nobody needs.
func (f *tortureFlags) tidy(dir string) error {
	if f.data != "" {
		return nil
	}
	return os.RemoveAll(dir)
}

// tortured returns the command of one process of the bank, for a life.
func tortured(life context.Context, service, database string, peers map[string]string) *exec.Cmd {
	program, err := os.Executable()
	if err != nil {
		program = os.Args[0]
	}
	args := []string{"torture", "serve", service, "--db", database}
	for name, url := range peers {
		args = append(args, "--peer", name+"="+url)
	}
	return exec.CommandContext(life, program, args...)
}
