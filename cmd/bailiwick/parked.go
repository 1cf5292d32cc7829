package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/service/admin"
)

// parkedOf is a key that was set aside, with the service whose follower it is.
type parkedOf struct {
	Service string `json:"service"`
	follow.ParkedKey
}

func (c *cli) parked() *cobra.Command {
	return family("parked", "Look after messages that could not be handled",
		"A message whose handler fails is set aside with those of its key that follow it.\nOther keys go on. Here they are listed, tried again, or discarded.",
		c.parkedList(), c.parkedShow(), c.parkedReplay(), c.parkedDiscard())
}

func (c *cli) parkedList() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the keys that were set aside, and why",
		Example: "  bailiwick parked list --data bailiwick-data",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list := []parkedOf{}
			err := c.at.each(cmd.Context(), func(p place) error {
				keys, err := follow.List(cmd.Context(), p.DB)
				for _, k := range keys {
					list = append(list, parkedOf{p.Owner(), k})
				}
				return err
			})
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(list)
			}
			t := table{}
			t.row("SERVICE", "FOLLOWER", "KEY", "STATE", "TYPE", "ATTEMPTS", "BEHIND IT", "LAST", "DUE", "ERROR")
			for _, k := range list {
				t.row(k.Service, k.Follower, k.Key, k.State, k.Type, strconv.Itoa(k.Attempts), strconv.Itoa(k.Queued), clock(k.Last), clock(k.Due), k.Error)
			}
			return c.print(t)
		}}
	return c.at.flags(cmd)
}

func (c *cli) parkedShow() *cobra.Command {
	cmd := &cobra.Command{Use: "show FOLLOWER KEY", Short: "Show the messages of a key that was set aside",
		Example: "  bailiwick parked show user/outbox 17850 --service payment --data bailiwick-data",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, service, list, err := c.findParked(cmd, args[0], args[1])
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(map[string]any{"service": service, "follower": args[0], "key": args[1], "messages": list})
			}
			t := table{}
			t.row("MESSAGE", "TYPE", "POSITION", "STATE", "ATTEMPTS", "FIRST", "LAST", "DATA")
			for _, p := range list {
				m := p.Message
				t.row(m.ID.String(), m.Type+" v"+strconv.Itoa(m.Version), m.Position().String(), p.State, strconv.Itoa(p.Attempts), clock(p.First), clock(p.Last), string(m.Data))
			}
			if err := c.print(t); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.out, "\n%s\n", plain(list[0].Error))
			return err
		}}
	return c.at.flags(cmd)
}

// findParked looks for a key in the databases that were named. Two services may
// have followers of one name, so one key can be set aside twice.
func (c *cli) findParked(cmd *cobra.Command, follower, key string) (at, service string, list []follow.ParkedMessage, err error) {
	var found []string
	err = c.at.each(cmd.Context(), func(p place) error {
		messages, err := follow.Show(cmd.Context(), p.DB, follower, key)
		if bailiwick.CodeOf(err) == bailiwick.NotFound {
			return nil
		}
		at, service, list = p.url, p.Owner(), messages
		found = append(found, p.Owner())
		return err
	})
	switch {
	case err != nil:
	case len(found) > 1:
		err = usagef("%s have it set aside: pick one with --service", strings.Join(found, " and "))
	case len(found) == 0:
		err = &bailiwick.Error{Code: bailiwick.NotFound, Op: "find key " + key + " of " + follower, Err: errNone, Do: "see bailiwick parked list"}
	}
	return at, service, list, err
}

func (c *cli) parkedReplay() *cobra.Command {
	cmd := &cobra.Command{Use: "replay FOLLOWER KEY", Short: "Try the messages of a key again, in order",
		Long: `Try the first message of a key again, and on success those behind it, in order. The
running follower does it within about a second, or the next that starts.`,
		Example: "  bailiwick parked replay user/outbox 17850 --service payment --data bailiwick-data",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.changeParked(cmd, admin.Operation{Action: admin.ParkedReplay, Follower: args[0], Key: args[1]})
		}}
	return c.at.flags(cmd)
}

func (c *cli) parkedDiscard() *cobra.Command {
	var message string
	var all bool
	cmd := &cobra.Command{Use: "discard FOLLOWER KEY {--message ID | --all}", Short: "Give up messages of a key, for good and without their effects",
		Long: `Give up the first message of a key, so that those behind it go on, or all of them.
What was discarded never takes effect; there is no way back.`,
		Example: "  bailiwick parked discard user/outbox 17850 --message 0198c0de-0000-7000-8000-000000000000",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := admin.Operation{Action: admin.ParkedDiscard, Follower: args[0], Key: args[1]}
			if !all {
				id, err := bailiwick.ParseID(message)
				if err != nil {
					return usagef("--message: %w", err)
				}
				o.Message = id
			}
			return c.changeParked(cmd, o)
		}}
	cmd.Flags().StringVar(&message, "message", "", "the id of the first message, as parked show prints it")
	cmd.Flags().BoolVar(&all, "all", false, "all messages of the key")
	cmd.MarkFlagsOneRequired("message", "all")
	cmd.MarkFlagsMutuallyExclusive("message", "all")
	return c.at.flags(cmd)
}

func (c *cli) changeParked(cmd *cobra.Command, o admin.Operation) error {
	at, service, _, err := c.findParked(cmd, o.Follower, o.Key)
	if err != nil {
		return err
	}
	return c.change(cmd, at, service, o)
}
