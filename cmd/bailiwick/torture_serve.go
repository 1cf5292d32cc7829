package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/service/supervise"
	"github.com/bailiwick/bailiwick/store"
)

// tortureServeFlags are those of one service of the bank.
type tortureServeFlags struct {
	db    string
	peers map[string]string
}

// newTortureServeCommand makes the command that the torture runs its processes by.
func (c *cli) newTortureServeCommand() *cobra.Command {
	var f tortureServeFlags
	cmd := &cobra.Command{Use: "serve SERVICE", Short: "Run one service of the bank that is tortured", Hidden: true,
		Long: `Run one service of the bank (order, wallet, ledger or payout) in this process, for a
parent that breaks it. It prints where it listens as a line of JSON, stops when its
standard input ends, and takes orders to break itself from $BAILIWICK_PROOF, in a
build with the tag "proof" only.`,
		Args: cobra.ExactArgs(1), ValidArgs: bank.Services(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := armProof(); err != nil {
				return err
			}
			if err := f.check(args[0]); err != nil {
				return err
			}
			return c.serveTortured(cmd.Context(), cmd.ErrOrStderr(), args[0], f)
		}}
	flags := cmd.Flags()
	flags.StringVar(&f.db, "db", "", "its database: sqlite:PATH or postgres://…")
	flags.StringToStringVar(&f.peers, "peer", nil, "address of a service whose log it follows, NAME=http://HOST:PORT, where it is at /NAME/; may be repeated")
	_ = cmd.MarkFlagRequired("db") // fails only for a flag that does not exist
	return cmd
}

// check finds what is wrong with the flags of a service.
func (f *tortureServeFlags) check(name string) error {
	if !slices.Contains(bank.Services(), name) {
		return usagef("there is no service %q: name one of %s", name, strings.Join(bank.Services(), ", "))
	}
	for _, producer := range bank.Producers(name) {
		if u, err := url.Parse(f.peers[producer]); err != nil || u.Host == "" {
			return usagef("where is %s, whose log %s follows? name it with --peer %s=http://HOST:PORT", producer, name, producer)
		}
	}
	return nil
}

// serveTortured runs one service of the bank until ctx ends, or its parent.
func (c *cli) serveTortured(ctx context.Context, errOut io.Writer, name string, f tortureServeFlags) error {
	ctx = supervise.Lifeline(ctx)
	context.AfterFunc(ctx, func() { // a process whose parent is gone must not hang
		time.AfterFunc(lastResort, func() { os.Exit(exitAtOnce) })
	})
	open, err := bankOpener(f.db)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelWarn})).With("pid", os.Getpid())
	return bank.Serve(ctx, bank.Options{
		Service: name, Open: open, Peers: f.peers, Logger: logger,
		Listening: func(url string) error {
			return json.NewEncoder(c.out).Encode(map[string]any{"service": name, "url": url, "pid": os.Getpid()})
		},
	})
}

// bankOpener opens a database of the bank: an engine that joins is named here.
func bankOpener(url string) (bank.Opener, error) {
	path, file, err := fileOf(url)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, owner string, migrations []store.Migration, opts store.Options) (*store.DB, error) {
		if file {
			return sqlite.Open(ctx, path, sqlite.Options{Owner: owner, Migrations: migrations, Store: opts})
		}
		return postgres.Open(ctx, url, postgres.Options{Owner: owner, Migrations: migrations, Store: opts, MaxConns: 8}) // eight processes share a server
	}, nil
}
