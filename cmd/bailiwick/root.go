package main

import (
	"context"
	"io"
	"slices"

	"github.com/spf13/cobra"
)

// run carries out a command line and returns the exit code.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	c := &cli{out: out}
	root := c.root()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err != nil && !c.begun {
		err = usageError{err} // cobra refused it before the command began
	}
	if err != nil {
		report(errOut, err, c.json || slices.Contains(args, "--json"))
	}
	return exitCode(err)
}

// cli is what the commands share.
type cli struct {
	out   io.Writer
	json  bool
	begun bool // the command line was understood
	at    places
}

const rootHelp = `Every service keeps its own database; Bailiwick keeps them in step.

Run the example shop, seven services that each own a database, or look after the
databases of any services: what waits for a person, and how far each follower has
come. Databases are read beside their running owners; changes go through the
owner's admin socket, or take the database's lock where no owner runs.`

const rootExample = `  bailiwick demo                                     the shop, at http://127.0.0.1:8080
  bailiwick outbox status --data bailiwick-data      how far each follower has come
  bailiwick saga list --state parked                 what waits for a person, and why
  bailiwick saga show 0198c0de-… --json
  bailiwick parked replay user/outbox 17850 --service payment
  bailiwick explain locked                           what an error means, and what to do`

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use: "bailiwick", Short: "Keep services that each own a database in step",
		Long: rootHelp, Example: rootExample,
		SilenceErrors: true, SilenceUsage: true,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().BoolVar(&c.json, "json", false, "print JSON, errors too")
	root.AddCommand(c.demo(), c.run(), c.saga(), c.outbox(), c.parked(), c.schema(), c.migrate(), c.torture(), c.version(), c.explain(), c.commands(), c.health(), exitCodes())
	c.note(root)
	return root
}

// note has every command note that it began: what fails before that is a mistake
// in the command line.
func (c *cli) note(cmd *cobra.Command) {
	if do := cmd.RunE; do != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			c.begun = true
			return do(cmd, args)
		}
	}
	for _, sub := range cmd.Commands() {
		c.note(sub)
	}
}

// family is a command that only holds others.
func family(use, short, long string, members ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Long: long, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(members...)
	return cmd
}

// exitCodes is a help topic: a command that does nothing but tell.
func exitCodes() *cobra.Command {
	return &cobra.Command{Use: "exit-codes", Short: "What the exit codes mean", Long: `Exit codes:

  0    it did what was asked
  1    it failed; the line on standard error says why and what to do
  2    it was called wrongly
  3    it was refused: a database is locked by a running owner, belongs to another
       service, is newer than the program, or is none
  4    a replay did not reconcile, or torture found a broken promise
  5    what was named does not exist
  130  a second Ctrl-C stopped it at once`}
}
