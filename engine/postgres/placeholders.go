package postgres

import (
	"strconv"
	"strings"
	"sync"
)

// texts remembers statements that were rewritten for the server.
type texts struct {
	mu   sync.RWMutex
	done map[string]string
}

// maxTexts bounds how many are remembered: a program that builds its texts must
// not grow the map for ever.
const maxTexts = 1024

// get returns what rewrite makes of a text.
func (t *texts) get(text string, rewrite func(string) string) string {
	t.mu.RLock()
	out, ok := t.done[text]
	t.mu.RUnlock()
	if ok {
		return out
	}
	out = rewrite(text)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done == nil {
		t.done = map[string]string{}
	}
	if len(t.done) < maxTexts {
		t.done[text] = out
	}
	return out
}

// numbered turns each ? of a statement into $1, $2, …, except in strings, quoted
// names and comments. Two of them stand for the operator ?.
func numbered(text string) string {
	if !strings.Contains(text, "?") {
		return text
	}
	var b strings.Builder
	n := 0
	for i := 0; i < len(text); {
		if end := quoted(text, i); end > i {
			b.WriteString(text[i:end])
			i = end
			continue
		}
		switch {
		case strings.HasPrefix(text[i:], "??"):
			b.WriteByte('?')
			i += 2
		case text[i] == '?':
			n++
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
			i++
		default:
			b.WriteByte(text[i])
			i++
		}
	}
	return b.String()
}

// quoted returns where the string, quoted name or comment that begins at i ends;
// i if none begins there. Text that is not closed reaches to the end.
func quoted(text string, i int) int {
	rest := text[i:]
	switch {
	case rest[0] == '\'':
		return i + stringEnd(rest, i > 0 && (text[i-1] == 'e' || text[i-1] == 'E') && !wordBefore(text, i-1))
	case rest[0] == '"':
		return i + after(rest, 1, `"`)
	case strings.HasPrefix(rest, "--"):
		return i + after(rest, 2, "\n")
	case strings.HasPrefix(rest, "/*"):
		return i + commentEnd(rest)
	case rest[0] == '$' && !wordBefore(text, i):
		if tag := dollarTag(rest); tag != "" {
			return i + after(rest, len(tag), tag)
		}
	}
	return i
}

// after returns where the first end at or after from is over.
func after(text string, from int, end string) int {
	if at := strings.Index(text[from:], end); at >= 0 {
		return from + at + len(end)
	}
	return len(text)
}

// stringEnd returns where a string is over; in one that began with E a backslash
// escapes what follows it.
func stringEnd(text string, escapes bool) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && escapes, strings.HasPrefix(text[i:], "''"):
			i++
		case text[i] == '\'':
			return i + 1
		}
	}
	return len(text)
}

// commentEnd returns where a block comment is over; they nest.
func commentEnd(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], "/*"):
			depth++
			i++
		case strings.HasPrefix(text[i:], "*/"):
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return len(text)
}

// dollarTag returns the $tag$ that text begins with, or "".
func dollarTag(text string) string {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '$':
			return text[:i+1]
		case !wordByte(text[i]) || i == 1 && text[i] >= '0' && text[i] <= '9':
			return ""
		}
	}
	return ""
}

func wordBefore(text string, i int) bool { return i > 0 && wordByte(text[i-1]) }

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
