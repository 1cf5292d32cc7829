package guest

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/bailiwick/bailiwick"
)

// A Statement is one of an engine's schema.
type Statement struct {
	// Version is that of the migration it stands in; 0 if it stands before all.
	Version int `json:"version"`
	// Table is the one that it makes, indexes, alters or fills.
	Table string `json:"table"`
	// Text is the statement with the comment before it, without a semicolon.
	Text string `json:"sql"`
}

// Creates reports whether the statement makes its table.
func (s Statement) Creates() bool { return createTable.MatchString(bare(s.Text)) }

var aboutTable = regexp.MustCompile(`(?i)^(?:CREATE\s+TABLE|ALTER\s+TABLE|DROP\s+TABLE|INSERT\s+INTO|UPDATE|DELETE\s+FROM|CREATE\s+(?:UNIQUE\s+)?INDEX\s+\w+\s+ON)\s+(\w+)`)

// split takes a text apart at its semicolons, those in comments and strings apart.
// Schemas of engines hold neither quoted names nor bodies of triggers.
func split(version int, text string) ([]Statement, error) {
	var list []Statement
	begin := 0
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], "--"):
			i += len(line(text[i:])) - 1
		case text[i] == '\'':
			end := strings.IndexByte(text[i+1:], '\'')
			if end < 0 {
				return nil, unreadable(version, text[i:])
			}
			i += end + 1
		case text[i] == ';':
			st := Statement{Version: version, Text: strings.TrimSpace(text[begin:i])}
			found := aboutTable.FindStringSubmatch(bare(st.Text))
			if found == nil {
				return nil, unreadable(version, st.Text)
			}
			st.Table = found[1]
			list = append(list, st)
			begin = i + 1
		}
	}
	if rest := bare(text[begin:]); rest != "" {
		return nil, unreadable(version, rest)
	}
	return list, nil
}

func unreadable(version int, text string) error {
	return &bailiwick.Error{Code: bailiwick.Internal, Op: fmt.Sprintf("guest: read version %d of the schema", version),
		Err: fmt.Errorf("what is %q", strings.TrimSpace(line(text))), Do: "end each statement with a semicolon; report it"}
}

// line returns the first line of a text, with its end.
func line(text string) string {
	if end := strings.IndexByte(text, '\n'); end >= 0 {
		return text[:end+1]
	}
	return text
}

// bare returns a text without comments and the space around it.
func bare(text string) string {
	var b strings.Builder
	for text != "" {
		l := line(text)
		text = text[len(l):]
		code, _, commented := strings.Cut(l, "--")
		b.WriteString(code)
		if commented {
			b.WriteByte('\n')
		}
	}
	return strings.TrimSpace(b.String())
}
