package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service/admin"
)

func (c *cli) outbox() *cobra.Command {
	return family("outbox", "Look after logs", "See how far the followers of each service's log have come.", c.outboxStatus())
}

func (c *cli) outboxStatus() *cobra.Command {
	cmd := &cobra.Command{Use: "status", Short: "Show each log, who follows it and how far, and what waits for a person",
		Long: `Show each service's log, who follows it and by how many messages they lag, and what
waits for a person. Followers' positions are written down about once a second, so
the true lag of a running follower is rather less.`,
		Example: "  bailiwick outbox status --data bailiwick-data\n  bailiwick outbox status --db postgres://order@db/order --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list := []admin.Status{}
			err := c.at.each(cmd.Context(), func(p place) error {
				s, err := admin.Inspect(cmd.Context(), p.DB)
				list = append(list, s)
				return err
			})
			if err != nil {
				return err
			}
			if c.json {
				return c.printJSON(list)
			}
			return c.printOutboxes(list)
		}}
	return c.at.flags(cmd)
}

func (c *cli) printOutboxes(list []admin.Status) error {
	logs, followers := table{}, table{}
	logs.row("SERVICE", "ENGINE", "LOG", "EPOCH", "HEAD", "LOW", "UNSTAMPED", "SAGAS", "RETRYING", "PARKED")
	followers.row("LOG", "FOLLOWER", "STATE", "POSITION", "LAG", "SEEN")
	for _, s := range list {
		retrying, parked := 0, 0
		for _, f := range s.Follows {
			retrying, parked = retrying+f.Retrying, parked+f.Parked
		}
		staged := strconv.FormatInt(s.Log.Staged, 10)
		if s.Log.Staged < 0 {
			staged = "?"
		}
		logs.row(s.Service, s.Engine, s.Log.Name, number(s.Log.Epoch), number(s.Log.Head), number(s.Log.Low), staged,
			sagasByState(s.Sagas), strconv.Itoa(retrying), strconv.Itoa(parked))
		for _, f := range s.Log.Followers {
			followers.row(s.Log.Name, f.Name, f.State, f.Position.String(), number(f.Lag), clock(f.Seen))
		}
	}
	if err := c.print(logs); err != nil {
		return err
	}
	fmt.Fprintln(c.out)
	return c.print(followers)
}

func sagasByState(counts map[string]int) string {
	var parts []string
	for _, state := range []string{saga.Running, saga.Compensating, saga.Parked} {
		if n := counts[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	return strings.Join(parts, ", ")
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
