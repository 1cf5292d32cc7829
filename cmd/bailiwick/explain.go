package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bailiwick/bailiwick"
)

// explained is a code with the exit code that this program ends with.
type explained struct {
	bailiwick.Explanation
	Exit int `json:"exit"`
}

// explanations are those of the library, and of the codes that only this program
// prints.
func explanations() []explained {
	var all []explained
	for _, e := range append(bailiwick.Explanations(), ownCodes()...) {
		all = append(all, explained{e, exitOf(e.Code)})
	}
	return all
}

// exitOf returns the exit code for errors of a code.
func exitOf(code bailiwick.Code) int {
	switch code {
	case codeUsage:
		return exitUsage
	case codeUnbalanced:
		return exitUnbalanced
	}
	return exitCode(&bailiwick.Error{Code: code})
}

// ownCodes are printed with --json for failures that are not the library's.
func ownCodes() []bailiwick.Explanation {
	return []bailiwick.Explanation{{
		Code:    codeUsage,
		Meaning: "The command line is wrong; nothing was done.",
		Causes:  []string{"a command or flag that does not exist, or one that needs another", "a value that the flag does not take"},
		Do:      []string{"read the command's --help, which has examples"},
		Example: "--parallel is at least 1, not 0",
	}, {
		Code:    codeUnbalanced,
		Meaning: "A replay ran to its end, and the services' tables do not agree.",
		Causes:  []string{"a fault: in the shop, in Bailiwick, or in a database that was changed by hand"},
		Do:      []string{"read the report on standard output: it names each figure that differs, and by how much", "keep the databases and report it"},
		Example: errUnbalanced.Error(),
	}}
}

func (c *cli) explain() *cobra.Command {
	return &cobra.Command{Use: "explain [CODE]", Short: "What an error code means, and what to do",
		Long: `Tell what an error code means, what commonly leads to it, and what to do. The code
stands in an error's text, in parentheses. Without a code, list all.`,
		Example: "  bailiwick explain\n  bailiwick explain schema_newer\n  bailiwick explain forked --json",
		Args:    cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return codeNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.listCodes()
			}
			for _, e := range explanations() {
				if string(e.Code) == args[0] {
					return c.tell(e)
				}
			}
			return unknownCode(args[0])
		}}
}

func codeNames() []string {
	var names []string
	for _, e := range explanations() {
		names = append(names, string(e.Code))
	}
	return names
}

func (c *cli) listCodes() error {
	if c.json {
		return c.printJSON(explanations())
	}
	t := table{}
	t.row("CODE", "EXIT", "MEANING")
	for _, e := range explanations() {
		t.row(string(e.Code), fmt.Sprint(e.Exit), e.Meaning)
	}
	return c.print(t)
}

// tell prints one explanation.
func (c *cli) tell(e explained) error {
	if c.json {
		return c.printJSON(e)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s (exit code %d)\n\n%s\n", e.Code, e.Exit, e.Meaning)
	for _, part := range []struct {
		title string
		lines []string
	}{{"What leads to it", e.Causes}, {"What to do", e.Do}, {"An example", []string{e.Example}}} {
		fmt.Fprintf(&b, "\n%s\n", part.title)
		for _, line := range part.lines {
			fmt.Fprintf(&b, "  - %s\n", line)
		}
	}
	_, err := fmt.Fprint(c.out, b.String())
	return err
}

// unknownCode says that there is no such code, and which are near to it.
func unknownCode(code string) error {
	var near []string
	for _, name := range codeNames() {
		if distance(code, name) <= max(1, len(code)/3) || len(code) > 2 && (strings.Contains(name, code) || strings.Contains(code, name)) {
			near = append(near, name)
		}
	}
	do := "list the codes with: bailiwick explain"
	if len(near) > 0 {
		do = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return &bailiwick.Error{Code: bailiwick.NotFound, Op: "explain " + code, Err: errors.New("there is no such code"), Do: do}
}

// distance is how many letters have to be changed, added or taken away to make one
// word of another (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := slices.Clone(row)
		next[0] = i + 1
		for j := range len(b) {
			next[j+1] = row[j]
			if a[i] != b[j] {
				next[j+1] = 1 + min(row[j], row[j+1], next[j])
			}
		}
		row = next
	}
	return row[len(b)]
}
