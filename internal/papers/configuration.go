package main

import (
	"fmt"
	"strings"
)

const configurationHead = `# Configuration

There is no configuration file. What a program built with Bailiwick is told, it is told through the fields below; what the
` + "`bailiwick`" + ` command is told, through its flags. A field that is left at its zero value has the default that its line names.

`

const environment = `
## Environment

| variable | read by | meaning |
|---|---|---|
| ` + "`GOGC`" + ` | ` + "`bailiwick demo --replay`" + ` | when set, the replay leaves the garbage collector as it is told; else it collects half as often |
| ` + "`BAILIWICK_TEST`" + ` | ` + "`go test`" + ` | ` + "`full`" + `: run also the tests that need a server or more time, and fail where a server is missing |
| ` + "`BAILIWICK_PROOF`" + ` | a build with the tag ` + "`proof`" + ` | which promises are switched off and at which points a process dies; see [proof.md](proof.md) |
| ` + "`BAILIWICK_TEST_POSTGRES`" + ` | ` + "`bailiwicktest`" + ` | the URL of a PostgreSQL database: each service under test gets a schema of its own there, not a SQLite file |

A PostgreSQL URL is read as the driver reads it, so the variables of libpq (` + "`PGHOST`, `PGPASSWORD`, `PGPASSFILE`, `PGSSLROOTCERT`" + ` and
so on) fill in what the URL leaves out. That keeps passwords out of command lines.
`

// configuration writes the reference of flags and fields.
func configuration(root string) (string, error) {
	var commands []command
	if err := ask(root, &commands, "commands"); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(generated + configurationHead + "## The command\n")
	for _, c := range commands {
		writeCommand(&b, c)
	}
	b.WriteString(environment + "\n## The packages\n")
	all, err := settings(root)
	if err != nil {
		return "", err
	}
	for _, s := range all {
		writeSetting(&b, s)
	}
	return b.String(), nil
}

func writeCommand(b *strings.Builder, c command) {
	if len(c.Flags) == 0 {
		return
	}
	title, note := "bailiwick "+c.Name, c.Short+"."
	if c.Name == "" {
		title, note = "All commands", "These flags go with every command."
	}
	fmt.Fprintf(b, "\n### %s\n\n%s", title, note)
	if c.Name != "" {
		fmt.Fprintf(b, " `%s`", c.Use)
	}
	b.WriteString("\n\n| flag | type | default | meaning |\n|---|---|---|---|\n")
	for _, f := range c.Flags {
		name := "`--" + f.Name + "`"
		if f.Shorthand != "" {
			name += ", `-" + f.Shorthand + "`"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", name, f.Type, code(strings.Trim(f.Default, "[]")), cell(f.Usage))
	}
}

func writeSetting(b *strings.Builder, s setting) {
	fmt.Fprintf(b, "\n### %s: %s\n\n%s\n\n| field | type | meaning |\n|---|---|---|\n", s.pkg, s.name, strings.TrimSpace(s.doc))
	for _, f := range s.fields {
		fmt.Fprintf(b, "| `%s` | `%s` | %s |\n", f.name, cell(f.typ), cell(f.doc))
	}
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}
