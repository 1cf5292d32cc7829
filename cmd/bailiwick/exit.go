package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/bailiwick/bailiwick"
)

// The exit codes; the package comment tells what they mean.
const (
	exitOK         = 0
	exitFailure    = 1
	exitUsage      = 2
	exitRefused    = 3
	exitUnbalanced = 4
	exitNotFound   = 5
	exitAtOnce     = 130
)

// The codes that only this program prints, beside those of the library.
const (
	codeUsage      bailiwick.Code = "usage"
	codeUnbalanced bailiwick.Code = "not_reconciled"
	codeViolated   bailiwick.Code = "violated"
)

// errUnbalanced says that a replay did not reconcile; its report tells the rest.
var errUnbalanced = errors.New("the replay does not reconcile; the report says where")

// errViolated says that a promise was broken under torture; its report tells which.
var errViolated = errors.New("a promise was broken; the report says which")

// usageError is a wrong call.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// exitCode returns the exit code that tells a program what happened.
func exitCode(err error) int {
	if err == nil {
		return exitOK
	}
	if errors.As(err, new(usageError)) {
		return exitUsage
	}
	if errors.Is(err, errUnbalanced) || errors.Is(err, errViolated) {
		return exitUnbalanced
	}
	var child *childError
	if errors.As(err, &child) {
		return child.code
	}
	switch bailiwick.CodeOf(err) {
	case bailiwick.Locked, bailiwick.WrongOwner, bailiwick.SchemaNewer, bailiwick.SchemaChanged, bailiwick.NotDatabase, bailiwick.Forked:
		return exitRefused
	case bailiwick.NotFound:
		return exitNotFound
	}
	return exitFailure
}

// report prints an error as one line.
func report(w io.Writer, err error, asJSON bool) {
	text := strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' }), "; ")
	if !asJSON {
		fmt.Fprintln(w, "bailiwick: "+text)
		return
	}
	code := bailiwick.CodeOf(err)
	switch {
	case errors.As(err, new(usageError)):
		code = codeUsage
	case errors.Is(err, errUnbalanced):
		code = codeUnbalanced
	case errors.Is(err, errViolated):
		code = codeViolated
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"error": text, "code": code, "exit": exitCode(err)})
}
