package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/service/front"
	"github.com/bailiwick/bailiwick/service/guard"
	"github.com/bailiwick/bailiwick/service/settle"
	"github.com/bailiwick/bailiwick/service/supervise"
)

// fleet is the shop with each service in a process of its own. They find each other
// by a front that only this machine reaches, and are shown to the world by another.
type fleet struct {
	dir     string
	verbose bool
	json    bool // errors are printed as JSON
	slow    time.Duration
	errOut  io.Writer
	logger  *slog.Logger
	front   *front.Front
	inside  string // where the services find each other
}

func (c *cli) newFleet(dir string, errOut io.Writer, verbose bool, slow time.Duration) *fleet {
	logger := newEquipment(errOut, verbose).logger
	return &fleet{dir: dir, verbose: verbose, json: c.json, slow: slow, errOut: errOut, logger: logger,
		front: front.New(front.Options{Logger: logger}, shop.Names()...)}
}

const (
	// fleetDrain is how long what is under way between the processes may take to
	// come to rest, and childDrain what is left in one of them after that.
	fleetDrain = 10 * time.Second
	childDrain = 2 * time.Second
	// vacating is how long the processes of a killed parent may take to end.
	vacating = 5 * time.Second
)

// run runs the services until work returns or ctx ends. work is called once all
// take requests, with the address of the shop.
func (f *fleet) run(ctx context.Context, at *listenFlags, work func(ctx context.Context, base string) error) error {
	defer f.front.Close()
	if err := f.vacant(ctx); err != nil {
		return err
	}
	public, outside, err := at.listen(ctx)
	if err != nil {
		return err
	}
	defer serve(public, outside, named(f.front.Handler()))()
	base := public.URL(outside)
	private, inside, err := (&listenFlags{addr: "127.0.0.1:0"}).listen(ctx)
	if err != nil {
		return err
	}
	defer serve(private, inside, f.front.Inside())()
	f.inside = private.URL(inside)

	// The children outlive ctx: what is under way needs them to come to rest.
	kept, release := context.WithCancel(context.WithoutCancel(ctx))
	defer release()
	all, kept := errgroup.WithContext(kept)
	all.Go(func() error {
		return supervise.Run(kept, supervise.Options{Logger: f.logger, Final: final}, f.children()...)
	})
	all.Go(func() error {
		defer release()
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		defer context.AfterFunc(kept, stop)() // children that are refused end the work
		if awaitReady(ctx, f.front.Ready) != nil {
			return nil // stopped, or the supervisor tells why it did not start
		}
		err := work(ctx, base)
		if kept.Err() == nil {
			f.drain(kept)
		}
		return err
	})
	return all.Wait()
}

// vacant returns once no process holds the databases: one that was killed may leave
// children that are about to end.
func (f *fleet) vacant(ctx context.Context) error {
	begun := time.Now()
	for _, name := range shop.Names() {
		for {
			info, running, err := sqlite.ReadLock(filepath.Join(f.dir, name+".db"))
			if err == nil && !running {
				break
			}
			if time.Since(begun) > vacating || ctx.Err() != nil {
				return &bailiwick.Error{Code: bailiwick.Locked, Op: "demo: take " + f.dir,
					Err: errors.Join(fmt.Errorf("%s.db is held by process %d", name, info.PID), err), Do: "stop it, or name another directory with --data"}
			}
			settle.Pause(ctx)
		}
	}
	return nil
}

// serve serves a handler at a guarded listener until it is closed.
func serve(g *guard.Guard, listener net.Listener, handler http.Handler) (closeIt func()) {
	server := g.Server(listener, handler)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends when it is closed
	}()
	return func() {
		_ = server.Close()
		<-done
	}
}

// named has readers follow a log under the name that their token gives them only:
// behind the front nobody asks.
func named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := guard.Follows(r, r.URL.Query().Get("follower")); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// children are the processes, one for each service.
func (f *fleet) children() []supervise.Child {
	var children []supervise.Child
	for _, name := range shop.Names() {
		children = append(children, supervise.Child{
			Name:    name,
			Command: func() *exec.Cmd { return f.command(name) },
			Announced: func(line string) {
				var said struct{ URL string }
				err := json.Unmarshal([]byte(line), &said)
				if err == nil {
					err = f.front.Set(name, said.URL)
				}
				if err != nil {
					f.logger.Error("a child process does not say where it is", "child", name, "err", err)
				}
			},
			Away: func() { _ = f.front.Set(name) }, // cannot fail: the front knows the name
		})
	}
	return children
}

// command runs one service.
func (f *fleet) command(name string) *exec.Cmd {
	program, err := os.Executable()
	if err != nil {
		program = os.Args[0]
	}
	cmd := exec.Command(program, "run", name, "--data", f.dir, "--addr", "127.0.0.1:0", "--peers", f.inside,
		"--drain", childDrain.String(), "--slow-query", f.slow.String(), "--lifeline")
	if f.json {
		cmd.Args = append(cmd.Args, "--json")
	}
	if f.verbose {
		cmd.Args = append(cmd.Args, "--verbose")
	}
	cmd.Stderr = f.errOut
	return cmd
}

// final says which ends of a child another start would not change.
func final(name string, end *os.ProcessState) error {
	switch code := end.ExitCode(); code {
	case exitUsage, exitRefused, exitNotFound:
		return &childError{name, code}
	}
	return nil
}

// childError says that a service was refused; its process has told why.
type childError struct {
	name string
	code int
}

func (e *childError) Error() string {
	return fmt.Sprintf("the process of %s was refused: its own message says why", e.name)
}

// clients call the services at the address of the shop as anybody would; but past its
// guard, where that asks for tokens or speaks TLS.
func (f *fleet) clients(at *listenFlags, base string) *shop.Clients {
	if at.tokens != "" || at.cert != "" || at.plain {
		return shop.InProcess(f.front.Handler())
	}
	return shop.Connect(base, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}})
}

// drain lets what is under way between the services come to rest.
func (f *fleet) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, fleetDrain)
	defer cancel()
	if err := f.front.Drain(ctx); err != nil {
		f.logger.Warn("stopped before all had come to rest; the next start goes on from there", "err", err)
	}
}
