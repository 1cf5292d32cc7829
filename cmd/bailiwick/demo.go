package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/retail"
)

// demoFlags are those of the demo.
type demoFlags struct {
	listenFlags
	data      string
	processes bool
	verbose   bool
	generate  int
	seed      uint64
	replay    string
	stock     string
	credit    string
	parallel  int
	progress  int
}

const (
	defaultAddr   = "127.0.0.1:8080"
	defaultReplay = "bailiwick-replay"
)

func (c *cli) demo() *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{Use: "demo", Short: "Run a shop of seven services, each with its own database",
		Long: `Run a shop of seven services in one process: user, catalog, inventory, order,
payment, delivery and notification. Each owns a SQLite database, DIR/NAME.db; they
talk by messages and APIs alone. Ctrl-C stops it once what is under way has come to
rest, a second Ctrl-C at once; either way nothing that was accepted is lost.

With --processes each service runs in a process of its own, as "bailiwick run" does;
they follow each other over HTTP, behind one address. One that dies is started again.

With --replay it sends a year of a real shop's trade (the columns of UCI's Online
Retail, plain or gzipped) through the services' APIs, and then proves from their own
tables that orders, payments, stock, deliveries and notifications agree. It exits 0
only if they do, to the last thousandth, and 4 if they do not. Interrupted, it goes
on where it stopped when it is called again.`,
		Example: `  bailiwick demo
  bailiwick demo --addr 127.0.0.1:0 --data /tmp/shop
  bailiwick demo --processes
  bailiwick demo --replay online-retail.csv.gz
  bailiwick demo --replay online-retail.csv.gz --stock unlimited --credit unlimited --json
  bailiwick demo --generate 2000 > small.csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case f.parallel < 1:
				return usagef("--parallel is at least 1, not %d", f.parallel)
			case cmd.Flags().Changed("generate") && f.generate < 1:
				return usagef("--generate is at least 1, not %d", f.generate)
			case f.generate > 0:
				return retail.Generate(c.out, f.seed, f.generate)
			case f.replay != "":
				return c.runReplay(cmd, f)
			}
			for _, name := range []string{"stock", "credit", "parallel", "progress-lines"} {
				if cmd.Flags().Changed(name) {
					return usagef("--%s goes with --replay FILE", name)
				}
			}
			if f.processes {
				return c.runFleet(cmd.Context(), cmd.ErrOrStderr(), f)
			}
			return c.runDemo(cmd.Context(), cmd.ErrOrStderr(), f)
		}}
	flags := cmd.Flags()
	flags.StringVar(&f.data, "data", "", "directory of the databases (default "+defaultData+", with --replay "+defaultReplay+")")
	f.listenFlags.register(cmd)
	flags.BoolVar(&f.processes, "processes", false, "run each service in a process of its own")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "log every request")
	flags.StringVar(&f.replay, "replay", "", "replay this CSV file, plain or gzipped, and reconcile")
	flags.StringVar(&f.stock, "stock", "0.9", "with --replay: opening stock as a share of what the file sells of each code, or unlimited")
	flags.StringVar(&f.credit, "credit", "20000", "with --replay: every customer's credit limit in pounds, or unlimited")
	flags.IntVar(&f.parallel, "parallel", 64, "with --replay: how many invoices are in flight at once")
	flags.IntVar(&f.progress, "progress-lines", 0, "with --replay: tell of progress every so many lines of the file, not every two seconds")
	flags.IntVar(&f.generate, "generate", 0, "print a CSV file of about so many invoices, with all kinds of dirt, instead of running")
	flags.Uint64Var(&f.seed, "seed", 1, "with --generate: the same seed gives the same file")
	cmd.MarkFlagsMutuallyExclusive("replay", "generate")
	_ = cmd.MarkFlagDirname("data") // these fail only for flags that do not exist
	_ = cmd.MarkFlagFilename("replay", "csv", "gz")
	return cmd
}

// runDemo runs the shop until ctx ends.
func (c *cli) runDemo(ctx context.Context, errOut io.Writer, f demoFlags) error {
	dir, err := dataDir(f.data, defaultData)
	if err != nil {
		return err
	}
	s, err := openShop(ctx, dir, errOut, f.verbose, 0)
	if err != nil {
		return err
	}
	return s.run(ctx, &f.listenFlags, func(ctx context.Context, base string) error {
		return c.showShop(ctx, errOut, dir, base, s.clients)
	})
}

// runFleet runs the shop, each service in a process of its own, until ctx ends.
func (c *cli) runFleet(ctx context.Context, errOut io.Writer, f demoFlags) error {
	dir, err := dataDir(f.data, defaultData)
	if err != nil {
		return err
	}
	fleet := c.newFleet(dir, errOut, f.verbose, 0)
	return fleet.run(ctx, &f.listenFlags, func(ctx context.Context, base string) error {
		return c.showShop(ctx, errOut, dir, base, fleet.clients(&f.listenFlags, base))
	})
}

// showShop furnishes the shop, tells where it is, and waits until ctx ends.
func (c *cli) showShop(ctx context.Context, errOut io.Writer, dir, base string, clients *shop.Clients) error {
	product, err := furnish(ctx, clients)
	if err != nil {
		return err
	}
	if err := c.welcome(dir, base, product); err != nil {
		return err
	}
	<-ctx.Done()
	if !c.json {
		fmt.Fprintln(errOut, "stopping: waiting for what is under way (Ctrl-C again stops at once)")
	}
	return nil
}

// dataDir makes the directory of the databases and returns its absolute path.
func dataDir(dir, otherwise string) (string, error) {
	if dir == "" {
		dir = otherwise
	}
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return "", &bailiwick.Error{Code: bailiwick.Unavailable, Op: "make the data directory", Err: err, Do: "name another with --data"}
	}
	return dir, nil
}

// welcome tells where to look, and how to place an order.
func (c *cli) welcome(dir, base string, p catalogapi.Product) error {
	body := fmt.Sprintf(`{"reference":"demo","country":"United Kingdom","currency":"GBP","lines":[{"code":%q,"quantity":1,"unit_price":%d}]}`, p.Code, p.Price)
	place := `order=$(curl -sS -H 'Content-Type: application/json' -H 'Prefer: wait=5' -d '` + body + `' ` + base + `/order/orders); echo "$order"`
	show := `curl -sS ` + base + `/order/sagas/$(echo "$order" | sed 's/.*"id":"\([^"]*\)".*/\1/')`
	if c.json {
		return c.printJSON(map[string]string{"url": base, "data": dir, "place_order": place, "show_saga": show})
	}
	_, err := fmt.Fprintf(c.out, `The shop is open: seven services, seven databases.

  APIs      %s/NAME/openapi.json, NAME being user, catalog, inventory,
            order, payment, delivery or notification
  status    %s/status, and /NAME/status, /NAME/metrics, /NAME/healthz/ready
  data      %s

Place an order and show its saga:

%s
%s

Ctrl-C stops it.
`, base, base, dir, place, show)
	return err
}
