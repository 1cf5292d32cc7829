package mutation

import (
	"fmt"
	"strings"
)

// markdown returns the table as docs/proof.md shows it.
func markdown() string {
	var b strings.Builder
	b.WriteString("| switched off | then | simulation | campaign | suite |\n|---|---|---|---|---|\n")
	for _, r := range Table() {
		simulation, campaign := "–", "–"
		if r.Simulation {
			simulation = "red"
		}
		if r.Campaign != "" {
			campaign = "red, " + name[r.Campaign]
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", r.Promise, r.Without, simulation, campaign, suite(r.Suite))
	}
	return b.String()
}

// name is how people write an engine.
var name = map[string]string{"sqlite": "SQLite", "postgres": "PostgreSQL"}

// suite writes a test with its package, each as code.
func suite(test string) string {
	pkg, test, _ := strings.Cut(test, ": ")
	return "`" + pkg + "` " + "`" + test + "`"
}
