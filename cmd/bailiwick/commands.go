package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// command is one command as the written reference needs it.
type command struct {
	Name  string        `json:"name"`
	Use   string        `json:"use"`
	Short string        `json:"short"`
	Flags []commandFlag `json:"flags,omitempty"`
}

type commandFlag struct {
	Name      string `json:"name"`
	Shorthand string `json:"shorthand,omitempty"`
	Type      string `json:"type"`
	Default   string `json:"default,omitempty"`
	Usage     string `json:"usage"`
}

// commands prints all commands and their flags as JSON: docs/configuration.md is
// made of it, and the deployment files are checked against it. It is for
// programs, so the help does not list it.
func (c *cli) commands() *cobra.Command {
	return &cobra.Command{Use: "commands", Short: "Print all commands and flags as JSON", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.printJSON(commandsOf(cmd.Root(), nil)) }}
}

// commandsOf adds what can be run at or below cmd.
func commandsOf(cmd *cobra.Command, list []command) []command {
	if cmd.Hidden || cmd.Name() == "help" || cmd.Name() == "completion" {
		return list
	}
	one := command{Name: strings.TrimPrefix(strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()), " "), Use: cmd.UseLine(), Short: cmd.Short}
	flags := cmd.LocalFlags()
	if !cmd.HasParent() {
		flags = cmd.PersistentFlags()
	}
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" && !f.Hidden {
			one.Flags = append(one.Flags, commandFlag{f.Name, f.Shorthand, f.Value.Type(), f.DefValue, f.Usage})
		}
	})
	if !cmd.HasParent() || cmd.Runnable() && !cmd.HasAvailableSubCommands() {
		list = append(list, one)
	}
	for _, sub := range cmd.Commands() {
		list = commandsOf(sub, list)
	}
	return list
}
