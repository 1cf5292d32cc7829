package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/store/guest"
)

func (c *cli) schema() *cobra.Command {
	return family("schema", "Print tables for a service's own migrations",
		"A service that manages its database itself takes in the tables of a part with one of its own migrations.", c.schemaPrint())
}

// schemas are the engines that have one.
var schemas = map[string]func() (guest.Schema, error){"postgres": postgres.Schema, "sqlite": sqlite.Schema}

func (c *cli) schemaPrint() *cobra.Command {
	var engine, parts, beside, format string
	var since int
	cmd := &cobra.Command{Use: "print", Short: "Print a migration with exactly the tables that a part needs",
		Long: `Print a migration with exactly the tables that a part needs, for a service that applies
its migrations itself. It is the schema that the engine itself applies elsewhere. A
program that opens the database with Options.Guest compares what it finds with it, and
alters nothing.

--beside leaves out what other parts brought; --since leaves out what an older version
brought, and prints what has come since.`,
		Example: `  bailiwick schema print --engine postgres --for outbox --format goose > migrations/00007_outbox.sql
  bailiwick schema print --engine sqlite --for outbox,inbox
  bailiwick schema print --engine postgres --for saga --beside outbox`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			of, ok := schemas[engine]
			if !ok {
				return usagef("--engine wants postgres or sqlite, not %q", engine)
			}
			if format != "plain" && format != "goose" {
				return usagef("--format wants plain or goose, not %q", format)
			}
			wanted := guest.Wanted{For: guest.Parts(parts), Beside: guest.Parts(beside), Since: since}
			for _, p := range []guest.Parts{wanted.For, wanted.Beside} {
				if _, err := p.Parse(); err != nil && p != "" {
					return usageError{err}
				}
			}
			schema, err := of()
			if err != nil {
				return err
			}
			list, err := schema.Print(wanted)
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]any{"engine": engine, "for": parts, "version": len(schema.Migrations), "statements": list})
			}
			head := fmt.Sprintf("-- The tables of Bailiwick's %s on %s, version %d, made by\n--   %s\n",
				parts, engine, len(schema.Migrations), commandLine(schema, wanted))
			_, err = fmt.Fprint(c.out, migration(format, head, list))
			return err
		}}
	cmd.Flags().StringVar(&engine, "engine", "", "postgres or sqlite")
	cmd.Flags().StringVar(&parts, "for", "", "outbox, inbox or saga, or several with commas between them")
	cmd.Flags().StringVar(&beside, "beside", "", "parts whose tables are there already")
	cmd.Flags().IntVar(&since, "since", 0, "version of the tables that are there already")
	cmd.Flags().StringVar(&format, "format", "plain", "plain SQL, or a migration of goose")
	for _, required := range []string{"engine", "for"} {
		_ = cmd.MarkFlagRequired(required) // fails only for a flag that does not exist
	}
	_ = cmd.RegisterFlagCompletionFunc("engine", cobra.FixedCompletions([]string{"postgres", "sqlite"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("for", cobra.FixedCompletions([]string{"outbox", "inbox", "saga"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"plain", "goose"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// commandLine is what prints the same again.
func commandLine(schema guest.Schema, w guest.Wanted) string {
	line := schema.Command(w.For, w.Since)
	if w.Beside != "" {
		line += " --beside " + string(w.Beside)
	}
	return line
}

// migration writes statements as a file of the service's own tool. The way back
// takes the tables that it made away, the last first.
func migration(format, head string, list []guest.Statement) string {
	var up, down strings.Builder
	var made []string
	for _, st := range list {
		up.WriteString(st.Text + ";\n\n")
		if st.Creates() {
			made = append(made, st.Table)
		}
	}
	if format == "plain" {
		return head + "\n" + strings.TrimRight(up.String(), "\n") + "\n"
	}
	slices.Reverse(made)
	for _, table := range made {
		down.WriteString("DROP TABLE " + table + ";\n")
	}
	return head + "\n-- +goose Up\n" + strings.TrimRight(up.String(), "\n") + "\n\n-- +goose Down\n" + down.String()
}
