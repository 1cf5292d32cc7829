package api

import (
	"slices"
	"strings"
)

// Diff returns the lines of before that are not in after, each with a minus, and
// the other way round with a plus, under the packages that they belong to; "" where
// there is no difference.
func Diff(before, after string) string {
	old, was := sections(before)
	now, is := sections(after)
	for _, name := range is {
		if !slices.Contains(was, name) {
			was = append(was, name)
		}
	}
	slices.Sort(was)
	var b strings.Builder
	for _, name := range was {
		var changed []string
		for _, line := range old[name] {
			if !slices.Contains(now[name], line) {
				changed = append(changed, "-"+line)
			}
		}
		for _, line := range now[name] {
			if !slices.Contains(old[name], line) {
				changed = append(changed, "+"+line)
			}
		}
		// What was and what is of the same name stand together.
		slices.SortStableFunc(changed, func(a, b string) int { return strings.Compare(subject(a), subject(b)) })
		if len(changed) > 0 {
			b.WriteString(name + "\n" + strings.Join(changed, "\n") + "\n")
		}
	}
	return b.String()
}

// subject is a line without its sign and without what follows the name.
func subject(line string) string {
	text := line[2:]
	separator := " "
	switch {
	case strings.HasPrefix(text, "method "):
		separator = ") "
	case strings.HasPrefix(text, "interface "):
		separator = ": "
	}
	kind, name, _ := strings.Cut(text, separator)
	if end := strings.IndexAny(name, "([ "); end >= 0 {
		name = name[:end]
	}
	return kind + " " + name
}

// sections splits a description into the lines of each package, and returns the
// packages in their order.
func sections(text string) (lines map[string][]string, order []string) {
	lines = map[string][]string{}
	name := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "package ") {
			name = line
			order = append(order, name)
			continue
		}
		lines[name] = append(lines[name], line)
	}
	return lines, order
}
