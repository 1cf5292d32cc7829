package main

import (
	"fmt"
	"strings"
)

const catalogueHead = `# Error codes

Every error of this project has a code: it stands in the error's text, in parentheses, and is the ` + "`code`" + ` of errors printed
with ` + "`--json`" + `. Programs test codes with ` + "`bailiwick.CodeOf(err)`" + `, never texts. ` + "`bailiwick explain CODE`" + ` prints the same as
this page. The exit code is that of the commands of ` + "`bailiwick`" + `.

`

// catalogue writes the page of error codes.
func catalogue(root string) (string, error) {
	var all []explanation
	if err := ask(root, &all, "explain", "--json"); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(generated + catalogueHead + "| code | exit | meaning |\n|---|---|---|\n")
	for _, e := range all {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %d | %s |\n", e.Code, e.Code, e.Exit, cell(e.Meaning))
	}
	for _, e := range all {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\nWhat leads to it:\n\n", e.Code, e.Meaning)
		for _, cause := range e.Causes {
			fmt.Fprintf(&b, "- %s\n", cause)
		}
		b.WriteString("\nWhat to do:\n\n")
		for i, step := range e.Do {
			fmt.Fprintf(&b, "%d. %s\n", i+1, step)
		}
		fmt.Fprintf(&b, "\n```\n%s\n```\n", e.Example)
	}
	return b.String(), nil
}

// cell makes a text fit into one cell of a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}
