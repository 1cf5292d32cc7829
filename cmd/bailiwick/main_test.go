package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// binary is the built program: the tests call it as its users do.
var binary string

func TestMain(m *testing.M) { os.Exit(build(m)) }

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "bailiwick-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "bailiwick")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	defer server.Stop()
	defer tortured.Stop()
	return m.Run()
}

// result is what a call of the program came to.
type result struct {
	code     int
	out, err string
}

// call calls the program in an empty directory.
func call(t *testing.T, args ...string) result {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd := exec.Command(binary, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = t.TempDir(), &out, &errOut
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errOut.String()}
}

func (r result) expect(t *testing.T, code int, parts ...string) result {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d\n%s%s", r.code, code, r.out, r.err)
	}
	for _, part := range parts {
		if !strings.Contains(r.out+r.err, part) {
			t.Errorf("%q is missing in\n%s%s", part, r.out, r.err)
		}
	}
	if code != 0 && (strings.Count(r.err, "\n") != 1 || r.out != "") {
		t.Errorf("a failure is one line on standard error, not\n%s%s", r.out, r.err)
	}
	return r
}

func (r result) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.out), v); err != nil {
		t.Fatalf("%v in\n%s", err, r.out)
	}
}

func TestCallsThatAreWrong(t *testing.T) {
	for _, args := range []string{
		"frobnicate", "--frobnicate", "saga frobnicate", "saga show", "saga list extra", "saga list",
		"saga list --state lost --data .", "saga list --db mysql://x", "saga list --db sqlite:a --data b",
		"saga resolve s1 --as done --reason x --data .", "saga resolve s1 --as completed --data .",
		"parked discard a b --data .", "parked discard a b --message 7 --data .", "parked discard a b --all --message 7",
		"run", "run casino", "run order", "run order --peers nowhere", "run order --peer casino=http://a", "run user --db mysql://x", "run user --db sqlite:a --data b",
		"demo --parallel 0", "demo --stock 0.5", "demo --replay a --generate 7", "demo --generate -1",
	} {
		t.Run(args, func(t *testing.T) { call(t, strings.Fields(args)...).expect(t, 2, "bailiwick: ") })
	}
}

func TestErrorsAsJSON(t *testing.T) {
	for args, code := range map[string]string{"saga list --json": "usage", "saga frobnicate --json": "usage", "saga list --json --data nowhere": "not_found"} {
		r := call(t, strings.Fields(args)...)
		var e struct {
			Error, Code string
			Exit        int
		}
		if err := json.Unmarshal([]byte(r.err), &e); err != nil || e.Code != code || e.Exit != r.code || e.Error == "" {
			t.Errorf("%s: %v %s", args, err, r.err)
		}
	}
}

func TestHelp(t *testing.T) {
	call(t).expect(t, 0, "Usage:", "demo", "exit-codes")
	for _, args := range []string{"demo", "saga", "saga list", "saga resolve", "outbox status", "parked discard"} {
		r := call(t, append(strings.Fields(args), "--help")...).expect(t, 0, "Usage:")
		if args != "saga" && !strings.Contains(r.out, "Examples:") {
			t.Errorf("%s --help has no example:\n%s", args, r.out)
		}
	}
	call(t, "help", "exit-codes").expect(t, 0, "did not reconcile", "130")
}

func TestVersion(t *testing.T) {
	call(t, "version").expect(t, 0, "bailiwick ", "go1.")
	var v struct{ Version, Go, Platform string }
	call(t, "version", "--json").expect(t, 0).into(t, &v)
	if v.Version == "" || v.Go == "" || v.Platform == "" {
		t.Errorf("%+v", v)
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		call(t, "completion", shell).expect(t, 0, "bailiwick")
	}
	call(t, "__complete", "saga", "list", "--state", "").expect(t, 0, "parked", "compensating")
	call(t, "__complete", "parked", "").expect(t, 0, "replay", "discard")
}

func TestDatabasesThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte("this is no database, whatever its name says; it is long enough to have a header of one hundred bytes, though"), 0o600); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(text)
	call(t, "saga", "list", "--db", "sqlite:"+text).expect(t, 3, "not a SQLite database")
	call(t, "saga", "list", "--data", dir).expect(t, 3, "text.db")
	if after, err := os.ReadFile(text); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was touched: %v", err)
	}
	call(t, "saga", "list", "--db", "sqlite:"+filepath.Join(dir, "none.db")).expect(t, 5)
	call(t, "saga", "list", "--data", filepath.Join(dir, "none")).expect(t, 5, "no such directory")
	call(t, "demo", "--replay", filepath.Join(dir, "none.csv")).expect(t, 5, "no such file")
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 {
		t.Errorf("files appeared: %v", left)
	}
}
