package store

import "strings"

// ForEngine returns a portable text as one engine reads it: a comment that begins
// with the engine's name is opened, so that
//
//	CREATE TABLE line (…) /*sqlite WITHOUT ROWID */
//
// has the clause on SQLite and none elsewhere. Engines apply it to migrations.
func ForEngine(engine, text string) string {
	mark := "/*" + engine + " "
	if !strings.Contains(text, mark) {
		return text
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, mark)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		hint, after, _ := strings.Cut(rest, "*/")
		b.WriteString(hint)
		text = after
	}
}
