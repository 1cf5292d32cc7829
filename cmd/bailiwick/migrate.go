package main

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/store"
)

func (c *cli) migrate() *cobra.Command {
	return family("migrate", "Show migrations, and apply those of the shop's services",
		`A service's migrations are part of its program, which applies them when it opens its
database. This applies those of the shop's services without running them: expand and
backfill beside instances that are at work, contract once no older one is.`,
		c.migrateStatus(),
		c.migrateTo("expand", "Apply what older programs can live with, and exit",
			`Apply all migrations of a service but the contracts at the end, and exit: what its
program does when it starts. Older instances go on, and may be started again, if the
migrations are expand, concurrent and backfill steps.`, false),
		c.migrateTo("contract", "Apply what only newer programs can live with, and exit",
			`Apply all migrations of a service, contracts too, and exit. There is no way back to an
older program then. It is refused while an instance of one has the database open, or
where a check finds something that would be lost.`, true))
}

// A step is a migration, as a database has it or a program of the shop brings it.
type step struct {
	Service   string    `json:"service"`
	Version   int       `json:"version"`
	Migration string    `json:"migration"`
	Phase     string    `json:"phase,omitempty"`
	Applied   time.Time `json:"applied,omitzero"`
}

func (c *cli) migrateStatus() *cobra.Command {
	var p places
	return p.flags(&cobra.Command{Use: "status", Short: "Show which migrations a service's database has",
		Long: `Show which migrations of its service a database has, with their phases, and for the
shop's services which are still to be applied.`,
		Example: `  bailiwick migrate status --data bailiwick-data --service notification
  bailiwick migrate status --db postgres://notification@db/notification --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.printSteps(cmd.Context(), &p) }})
}

func (c *cli) migrateTo(use, short, long string, contract bool) *cobra.Command {
	var db, data string
	cmd := &cobra.Command{Use: use + " SERVICE", Short: short, Long: long,
		Example: "  bailiwick migrate " + use + " notification --db postgres://notification@db/notification",
		Args:    cobra.ExactArgs(1), ValidArgs: shop.Names(),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := args[0]
			migrations, err := shop.Migrations(name)
			if err != nil {
				return err
			}
			url, err := databaseOf(name, db, data)
			if err != nil {
				return err
			}
			if err := migrateAndClose(cmd.Context(), url, name, migrations, contract); err != nil {
				return err
			}
			return c.printSteps(cmd.Context(), &places{urls: []string{url}})
		}}
	cmd.Flags().StringVar(&db, "db", "", "its database: sqlite:PATH or postgres://…")
	cmd.Flags().StringVar(&data, "data", "", "directory of its database, SERVICE.db (default "+defaultData+")")
	cmd.MarkFlagsMutuallyExclusive("db", "data")
	_ = cmd.MarkFlagDirname("data") // fails only for a flag that does not exist
	return cmd
}

// migrateAndClose opens a database as its owner does, which migrates it.
func migrateAndClose(ctx context.Context, url, owner string, migrations []store.Migration, contract bool) error {
	path, file, err := fileOf(url)
	if err != nil {
		return err
	}
	var db *store.DB
	if file {
		db, err = sqlite.Open(ctx, path, sqlite.Options{Owner: owner, Migrations: migrations, Contract: contract})
	} else {
		db, err = postgres.Open(ctx, url, postgres.Options{Owner: owner, Migrations: migrations, Contract: contract, MaxConns: 2})
	}
	if err != nil {
		return err
	}
	return db.Close()
}

func (c *cli) printSteps(ctx context.Context, p *places) error {
	all := []step{}
	err := p.each(ctx, func(at place) error {
		list, err := steps(ctx, at.DB)
		all = append(all, list...)
		return err
	})
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(all)
	}
	var t table
	t.row("SERVICE", "VERSION", "MIGRATION", "PHASE", "APPLIED")
	for _, s := range all {
		applied := clock(s.Applied)
		if applied == "" {
			applied = "pending"
		}
		t.row(s.Service, strconv.Itoa(s.Version), s.Migration, s.Phase, applied)
	}
	return c.print(t)
}

// steps returns the migrations that a database has of its service, and those that a
// service of the shop has yet to apply.
func steps(ctx context.Context, db *store.DB) (list []step, err error) {
	err = db.Read(ctx, func(tx *store.Tx) error {
		list = nil
		rows, err := tx.SQL().Query(`SELECT version, name, applied FROM bailiwick_migrations WHERE component = 'service' ORDER BY version`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			s := step{Service: db.Owner()}
			var recorded string
			var applied any // microseconds on SQLite
			if err := rows.Scan(&s.Version, &recorded, &applied); err != nil {
				return err
			}
			s.Migration, s.Phase, _ = strings.Cut(recorded, ".")
			switch at := applied.(type) {
			case time.Time:
				s.Applied = at.UTC()
			case int64:
				s.Applied = time.UnixMicro(at).UTC()
			}
			list = append(list, s)
		}
		return rows.Err()
	})
	if err != nil || !slices.Contains(shop.Names(), db.Owner()) {
		return list, err
	}
	program, err := shop.Migrations(db.Owner())
	if err != nil {
		return list, err
	}
	for _, m := range program[min(len(list), len(program)):] {
		list = append(list, step{Service: db.Owner(), Version: m.Version, Migration: m.Name, Phase: string(m.Phase)})
	}
	return list, nil
}
