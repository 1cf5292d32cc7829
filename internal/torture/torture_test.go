package torture

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/proof"
	"github.com/bailiwick/bailiwick/internal/torture/history"
	"github.com/bailiwick/bailiwick/internal/torture/nemesis"
	"github.com/bailiwick/bailiwick/internal/torture/verdict"
)

// The campaign itself is tested where its processes are: cmd/bailiwick runs it.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// command is of a process that ends at once.
func command(life context.Context, _ string, _ map[string]string) *exec.Cmd {
	return exec.CommandContext(life, os.Args[0], "-frobnicate")
}

func TestOptionsThatCannotBe(t *testing.T) {
	whole := Options{Seed: 1, For: time.Second, Dir: t.TempDir(), Command: command}
	for name, o := range map[string]func(o *Options){
		"no time":      func(o *Options) { o.For = 0 },
		"no directory": func(o *Options) { o.Dir = "" },
		"no command":   func(o *Options) { o.Command = nil },
		"no fault":     func(o *Options) { o.Faults = []nemesis.Kind{"earthquake"} },
		"no server":    func(o *Options) { o.Faults = []nemesis.Kind{nemesis.Restart} },
		"no files":     func(o *Options) { o.Faults = []nemesis.Kind{nemesis.Disk} },
	} {
		opts := whole
		o(&opts)
		if _, err := Run(t.Context(), opts); bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What nobody chose is everything that is possible; nothing can be chosen too.
func TestTheFaultsThatArePossible(t *testing.T) {
	o := Options{For: time.Minute, Dir: t.TempDir(), Command: command}
	bare, err := o.complete()
	if err != nil {
		t.Fatal(err)
	}
	o.Files, o.RestartServer = true, func(context.Context) error { return nil }
	full, err := o.complete()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range nemesis.Kinds() {
		always := k.OfLinks() || k == nemesis.Kill || k == nemesis.Clock || k == nemesis.Pause && nemesis.CanPause || k == nemesis.Point && proof.Armed
		if slices.Contains(bare.Faults, k) != always {
			t.Errorf("%s: %v", k, bare.Faults)
		}
		if want := always || k == nemesis.Restart || k == nemesis.Disk && nemesis.CanFill; slices.Contains(full.Faults, k) != want {
			t.Errorf("%s: %v", k, full.Faults)
		}
	}
	o.Faults = []nemesis.Kind{}
	if none, err := o.complete(); err != nil || len(none.Faults) > 0 {
		t.Errorf("%v: %v", none.Faults, err)
	}
}

// A campaign whose services never come up has no report, and says why.
func TestServicesThatDoNotComeUp(t *testing.T) {
	_, err := Run(t.Context(), Options{For: time.Second, Rest: 200 * time.Millisecond, Dir: t.TempDir(), Command: command, Logger: slog.New(slog.DiscardHandler)})
	if bailiwick.CodeOf(err) != bailiwick.Unavailable || !errors.Is(err, errAway) {
		t.Error(err)
	}
}

// A process is told where to die once, beside what it was told before.
func TestOrdersAreForOneStart(t *testing.T) {
	c := &child{start: func(life context.Context) *exec.Cmd { return command(life, "", nil) }, moved: func() {}}
	t.Setenv(variable, "barrier")
	c.Arm("after-commit:7")
	orders := func() (found []string) {
		for _, entry := range c.command().Env {
			if strings.HasPrefix(entry, variable+"=") {
				found = append(found, entry)
			}
		}
		return found
	}
	if found := orders(); !slices.Equal(found, []string{variable + "=barrier,after-commit:7"}) {
		t.Error(found)
	}
	if found := orders(); !slices.Equal(found, []string{variable + "=barrier"}) {
		t.Error(found)
	}
	if found := dieAt([]string{"A=b"}, "after-stamp"); !slices.Equal(found, []string{"A=b", variable + "=after-stamp"}) {
		t.Error(found)
	}
	c.away()
}

// A child is away until it says where it is, and again when it has ended; it can be
// killed as soon as it was begun, once.
func TestWhereAChildIs(t *testing.T) {
	moves := 0
	c := &child{start: func(life context.Context) *exec.Cmd { return command(life, "", nil) }, moved: func() { moves++ }}
	if err := c.Kill(); !errors.Is(err, nemesis.ErrAway) {
		t.Error(err)
	}
	cmd := c.command()
	if err := c.Kill(); err != nil || cmd.Run() == nil || !errors.Is(c.Kill(), nemesis.ErrAway) {
		t.Error("it lived on")
	}
	c.away()
	c.command()
	c.announced("no JSON")
	if url, life := c.where(); url != "" || life != 0 || c.Handle() != nil {
		t.Error(url, life)
	}
	c.announced(`{"url": "http://127.0.0.1:1", "pid": 1}`)
	if url, life := c.where(); url != "http://127.0.0.1:1" || life != 1 || c.Handle() == nil {
		t.Error(url, life)
	}
	c.away()
	if url, life := c.where(); url != "" || life != 1 || c.Handle() != nil || moves != 3 {
		t.Error(url, life, moves)
	}
}

func TestRecoveryOfSamples(t *testing.T) {
	if r := recoveryOf(nil); r != (Recovery{}) {
		t.Error(r)
	}
	if r := recoveryOf([]time.Duration{3, 9, 1, 2, 4}); r != (Recovery{Samples: 5, Median: 3, Max: 9}) {
		t.Error(r)
	}
}

// A report says in words what was broken, not more than anybody reads.
func TestABrokenPromiseIsPrinted(t *testing.T) {
	var many []verdict.Violation
	for range shown + 2 {
		many = append(many, verdict.Violation{Invariant: "entered-once", What: "a message\ntwice"})
	}
	r := Report{Invariants: verdict.Verdict{{Invariant: "entered-once", Checked: 9, Violations: many}}}
	r.count([]history.Op{{Kind: history.Read, Outcome: history.OK}, {Kind: history.Read, Outcome: history.Info}, {Kind: history.Read, Outcome: history.OK}})
	var text strings.Builder
	if err := r.Print(&text); err != nil {
		t.Fatal(err)
	}
	if s := text.String(); strings.Count(s, "entered-once: a message twice\n") != shown || !strings.Contains(s, "and 2 more") ||
		!strings.Contains(s, "VIOLATED") || strings.Contains(s, "sound:") || !strings.Contains(s, "read       2   0     1") {
		t.Error(s)
	}
}
