package store

import "strings"

// ForEngine returns a portable text as one engine reads it: a comment that begins
// with the engine's name is opened, so that
//
//	CREATE TABLE line (…) /*sqlite WITHOUT ROWID */
//
// has the clause on SQLite and none elsewhere. Engines apply it to migrations.
func ForEngine(engine, text string) string {
	mark := "/*" + engine
	if !strings.Contains(text, mark) {
		return text
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, mark)
		b.WriteString(before)
		switch {
		case !found:
			return b.String()
		case rest == "" || !strings.ContainsRune(" \t\r\n", rune(rest[0])): // another word begins like that
			b.WriteString(mark)
			text = rest
		default:
			hint, after, _ := strings.Cut(rest[1:], "*/")
			b.WriteString(hint)
			text = after
		}
	}
}
