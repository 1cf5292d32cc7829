package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bailiwick/bailiwick/service/admin"
)

var errNone = errors.New("none of the databases has it")

// change has an operation done in the database at a URL and prints what was done.
func (c *cli) change(cmd *cobra.Command, url, service string, o admin.Operation) error {
	done, err := operate(cmd.Context(), url, service, o)
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(map[string]string{"service": service, "action": string(o.Action), "done": done})
	}
	_, err = fmt.Fprintln(c.out, done)
	return err
}
