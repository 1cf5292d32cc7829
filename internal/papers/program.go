package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
)

// ask runs the program of the checkout and reads the JSON that it prints.
func ask(root string, v any, args ...string) error {
	cmd := exec.Command("go", append([]string{"run", "./cmd/bailiwick"}, args...)...)
	cmd.Dir = root
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); ok {
		return fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(out, v)
}

// command is what "bailiwick commands" tells of each.
type command struct {
	Name, Use, Short string
	Flags            []flag
}

type flag struct{ Name, Shorthand, Type, Default, Usage string }

// explanation is what "bailiwick explain --json" tells of each code.
type explanation struct {
	Code, Meaning string
	Causes, Do    []string
	Example       string
	Exit          int
}
