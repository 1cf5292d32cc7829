package bailiwick

import (
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Loggable returns an error's text as a log may have it. Databases and decoders
// quote the values that they refuse, and those may be anybody's: they are left out.
// What a program's own errors say stays as it is. It returns "" for nil.
func Loggable(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	walk(err, func(e error) {
		if quiet, ok := withoutValues(e); ok {
			text = strings.ReplaceAll(text, e.Error(), quiet)
		}
	})
	return scanned.ReplaceAllString(text, "converting driver.Value type $1 to")
}

// scanned is how database/sql quotes what it could not convert; it makes no type of
// its own for that.
var scanned = regexp.MustCompile(`(?s)converting driver\.Value type (\S+) \(".*"\) to`)

// withoutValues is the text of an error of a kind that quotes values; ok is false
// for other kinds.
func withoutValues(err error) (text string, ok bool) {
	switch e := err.(type) {
	case interface{ SQLState() string }: // drivers of PostgreSQL: the message holds what was refused
		return "SQLSTATE " + e.SQLState(), true
	case *json.UnmarshalTypeError: // Value is a kind, and behind "number" the number itself
		kind, _, _ := strings.Cut(e.Value, " ")
		return "json: cannot unmarshal " + kind + " into " + e.Field + " of type " + e.Type.String(), true
	case *strconv.NumError:
		return "strconv." + e.Func + ": " + e.Err.Error(), true
	case *time.ParseError:
		return "parsing a time failed", true
	}
	return "", false
}

// walk visits an error and all that it wraps.
func walk(err error, visit func(error)) {
	visit(err)
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range all.Unwrap() {
			walk(e, visit)
		}
	} else if inner := errors.Unwrap(err); inner != nil {
		walk(inner, visit)
	}
}
