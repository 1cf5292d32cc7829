package trace

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// call is one system call: its text, and how long the tape was when it began.
type call struct {
	name, args string
	before     int
	result     string // of one that has returned
}

// errText is a line, or a part of one, that is not as strace writes it.
func errText(what, text string) error {
	if len(text) > 200 {
		text = text[:200] + "…"
	}
	return fmt.Errorf("trace: %s: %s", what, text)
}

var (
	whole      = regexp.MustCompile(`^(\w+)\((.*)\)\s+= (\S.*)$`)
	unfinished = regexp.MustCompile(`^(\w+)\((.*) <unfinished \.\.\.>$`)
	resumed    = regexp.MustCompile(`^<\.\.\. (\w+) resumed>(.*)\)\s+= (\S.*)$`)
	descriptor = regexp.MustCompile(`^(\d+)<((?:\\x[0-9a-f]{2})*)>`)
	text       = regexp.MustCompile(`"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?`)
)

// split divides a line into the process's id and what it did.
func split(line string) (pid, rest string, err error) {
	pid, rest, ok := strings.Cut(line, " ")
	if _, err := strconv.Atoi(pid); !ok || err != nil {
		return "", "", errText("no process", line)
	}
	return pid, strings.TrimSpace(rest), nil
}

// failed says whether the call returned an error, or never returned.
func (c call) failed() bool {
	return strings.HasPrefix(c.result, "-") || strings.HasPrefix(c.result, "?")
}

// number returns the result, and the path where it is a file's descriptor.
func (c call) number() (n int, path string, err error) {
	if m := descriptor.FindStringSubmatch(c.result); m != nil {
		n, err = strconv.Atoi(m[1])
		return n, unescape(m[2]), err
	}
	n, err = strconv.Atoi(c.result)
	return n, "", err
}

// file returns the descriptor that is the first argument, and its path; ok is false
// if that is no file.
func (c call) file() (fd int, path string, ok bool) {
	m := descriptor.FindStringSubmatch(c.args)
	if m == nil {
		return 0, "", false
	}
	fd, err := strconv.Atoi(m[1])
	return fd, unescape(m[2]), err == nil
}

// content returns the argument that is a text: bytes or a path.
func (c call) content() (string, error) {
	m := text.FindStringSubmatch(c.args)
	if m == nil || m[2] != "" {
		return "", errText("not the whole content", c.name+"("+c.args)
	}
	return unescape(m[1]), nil
}

// last returns the last argument, a number.
func (c call) last() (int64, error) {
	return strconv.ParseInt(c.args[strings.LastIndex(c.args, " ")+1:], 10, 64)
}

// escape writes bytes as strace does.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, `\x%02x`, s[i])
	}
	return b.String()
}

// unescape returns the bytes that are written as \x00 to \xff.
func unescape(s string) string {
	// It cannot fail: the expressions above let nothing else through.
	s, _ = strconv.Unquote(`"` + s + `"`)
	return s
}
