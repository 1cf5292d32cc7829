package api

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "accept the API as it is")

const (
	root      = "../.."
	golden    = "../../docs/api.txt"
	changelog = "../../CHANGELOG.md"
	module    = "github.com/bailiwick/bailiwick"
)

// What is exported is what docs/api.txt says.
func TestTheAPIIsWrittenDown(t *testing.T) {
	now, err := Describe(root, module)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	changes, err := os.ReadFile(changelog)
	if err != nil {
		t.Fatal(err)
	}
	accepted, then, _ := strings.Cut(string(text), "\n")
	diff := Diff(then, now)
	present := fmt.Sprintf("# accepted with a CHANGELOG.md of %.6x", sha256.Sum256(changes))
	switch {
	case diff == "":
	case !*update:
		t.Errorf("the exported API has changed:\n\n%s\nIf that is meant: write it into CHANGELOG.md, then accept it with\n\n\tgo test ./internal/api -update", diff)
	case accepted == present:
		t.Errorf("CHANGELOG.md is the same as when the API was last accepted; tell there of\n\n%s", diff)
	default:
		if err := os.WriteFile(golden, []byte(present+"\n"+now), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, pkg := range []string{"", "/store", "/follow", "/saga", "/outbox", "/inbox", "/engine/sqlite", "/service"} {
		if !strings.Contains(now, "package "+module+pkg+"\n") {
			t.Errorf("nothing is said of %s", module+pkg)
		}
	}
}

func TestDescribe(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("a.go", `package a

import "context"

const (
	One Code = iota
	Two
	three
)

const Four, Five = 4, "5"

var Err, hidden error

type Code int

type Box[T any] struct {
	context.Context
	Value T `+"`json:\"value\"`"+`
	A, B  int
	inner int
}

type Source interface {
	Read(n int) (p []byte,
		err error)
	secret()
}

type Same = Box[int]

func New[T any, U ~string | ~int](of T, more ...U) *Box[T] { return nil }
func (b *Box[T]) Get(key string) (v T, ok bool)            { return }
func (b *Box[T]) get()                                     {}
func (h hiddenType) Get()                                  {}
`)
	write("a_linux.go", "package a\nfunc System() string { return \"\" }")
	write("a_other.go", "package a\nfunc System() string { return \"\" }")
	write("a_test.go", "package a\nfunc TestOnly() {}")
	write("b/b.go", "package b\nfunc B() {}")
	write("cmd/c/c.go", "package main\nfunc C() {}")
	write("internal/i.go", "package i\nfunc I() {}")
	write("other/go.mod", "module other")
	write("other/o.go", "package other\nfunc O() {}")
	write("b/testdata/t.go", "package t\nfunc T() {}")
	got, err := Describe(dir, "example.org/a")
	if err != nil {
		t.Fatal(err)
	}
	const want = `package example.org/a
	const Five = "5"
	const Four = 4
	const One Code = iota, at 0
	const Two Code = iota, at 1
	field Box embeds context.Context
	field Box.A int
	field Box.B int
	field Box.Value T ` + "`json:\"value\"`" + `
	func New[T any, U ~string | ~int](of T, more ...U) *Box[T]
	func System() string
	interface Source has methods that are not exported
	interface Source: Read(n int) (p []byte, err error)
	method (*Box[T]) Get(key string) (v T, ok bool)
	type Box[T any] struct
	type Code int
	type Same = Box[int]
	type Source interface
	var Err error
package example.org/a/b
	func B()
`
	if diff := Diff(want, got); diff != "" {
		t.Errorf("described wrongly:\n%s", diff)
	}
}

func TestDiffNamesThePackage(t *testing.T) {
	const before = "package a\n\tfunc A()\n\tfunc B()\npackage b\n\tfunc A()\n"
	const after = "package a\n\tfunc A()\n\tfunc B(n int)\npackage b\n\tfunc A()\n\tfunc C()\n"
	const want = "package a\n-\tfunc B()\n+\tfunc B(n int)\npackage b\n+\tfunc C()\n"
	if got := Diff(before, after); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := Diff(before, before); got != "" {
		t.Errorf("nothing has changed, and it says\n%s", got)
	}
	lines := strings.Split(Diff(before, ""), "\n")
	if !slices.Contains(lines, "-\tfunc B()") {
		t.Errorf("what went with its package is not told: %q", lines)
	}
}

func ExampleDiff() {
	before := "package example.org/money\n\tfunc Parse(text string) Amount\n"
	after := "package example.org/money\n\tfunc Parse(text string) (Amount, error)\n"
	fmt.Print(Diff(before, after))
	// Output:
	// package example.org/money
	// -	func Parse(text string) Amount
	// +	func Parse(text string) (Amount, error)
}
