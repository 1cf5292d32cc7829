package torture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"slices"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/proof"
	"github.com/bailiwick/bailiwick/internal/torture/nemesis"
)

// Options say what a campaign is. Seed, For, Dir and Command are needed.
type Options struct {
	// Seed decides which faults come, in which order, and what clients ask for.
	Seed uint64
	// For is how long the services are tortured.
	For time.Duration
	// Dir is an empty directory for the history, the faults and the services' logs.
	Dir string
	// Engine names the database engine, for the report.
	Engine string
	// Instances is how many processes each service has; 0 means 1.
	Instances int
	// Command returns the command of one process: it serves a service, whose peers are
	// at these addresses, and prints where it listens as a line of JSON,
	// {"url": …, "pid": …}. It is killed when life ends (exec.CommandContext does
	// that). The environment and the standard files are the campaign's.
	Command func(life context.Context, service string, peers map[string]string) *exec.Cmd
	// Files says that the databases are files of the processes, whose disk can be full.
	Files bool
	// RestartServer restarts the server of the databases without a shutdown, and
	// returns when it is up again; nil where there is none.
	RestartServer func(ctx context.Context) error
	// Clients is how many work at once; 0 means 12.
	Clients int
	// Faults are the kinds that the nemesis chooses from; nil means all that are
	// possible here, and none is none.
	Faults []nemesis.Kind
	// Pauses bounds for how long a process is stopped; 0 means half a second to two.
	// The upper bound should lie beyond the leases of the databases.
	Pauses [2]time.Duration
	// Storm is how long the faults of a round last; 0 means 12 s.
	Storm time.Duration
	// Rest is how long the services may take to come to rest; 0 means 2 minutes.
	Rest time.Duration
	// Progress is told how it goes, a line every few seconds; nil means nobody.
	Progress io.Writer
	// Logger hears of what goes wrong outside the services; nil means slog.Default().
	Logger *slog.Logger
	// Clock is where time comes from; nil means the system's.
	Clock bailiwick.Clock
}

// complete fills in what was left out.
func (o Options) complete() (Options, error) {
	o.Instances = cmp.Or(o.Instances, 1)
	o.Clients = cmp.Or(o.Clients, 12)
	o.Storm = min(cmp.Or(o.Storm, 12*time.Second), o.For*2/3)
	o.Rest = cmp.Or(o.Rest, 2*time.Minute)
	if o.Pauses == [2]time.Duration{} {
		o.Pauses = [2]time.Duration{500 * time.Millisecond, 2 * time.Second}
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Clock == nil {
		o.Clock = bailiwick.SystemClock{}
	}
	if o.Faults == nil {
		for _, k := range nemesis.Kinds() {
			if o.Possible(k) == nil {
				o.Faults = append(o.Faults, k)
			}
		}
	}
	for _, k := range o.Faults {
		if err := o.Possible(k); err != nil {
			return o, &bailiwick.Error{Code: bailiwick.Invalid, Op: "torture", Err: err, Do: "leave " + string(k) + " out of the faults"}
		}
	}
	if o.For <= 0 || o.Dir == "" || o.Command == nil {
		return o, &bailiwick.Error{Code: bailiwick.Invalid, Op: "torture", Err: errors.New("how long, where or with which command is missing"), Do: "give For, Dir and Command"}
	}
	return o, nil
}

// Possible returns why a kind of fault cannot be had here, or nil.
func (o *Options) Possible(k nemesis.Kind) error {
	switch {
	case !slices.Contains(nemesis.Kinds(), k):
		return fmt.Errorf("there is no fault %q", k)
	case k == nemesis.Point && !proof.Armed:
		return errors.New("processes die at named points only in a build with the tag proof")
	case k == nemesis.Pause && !nemesis.CanPause:
		return errors.New("this system does not stop processes")
	case k == nemesis.Disk && !nemesis.CanFill:
		return errors.New("this system does not limit what a process writes")
	case k == nemesis.Disk && !o.Files:
		return errors.New("the databases lie with a server, whose disk is not ours")
	case k == nemesis.Restart && o.RestartServer == nil:
		return errors.New("there is no server, or nobody said how it is restarted")
	}
	return nil
}
