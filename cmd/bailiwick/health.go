package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/service/guard"
)

// maxHealth bounds what is read of an answer, in bytes.
const maxHealth = 4 << 10

func (c *cli) health() *cobra.Command {
	live, ca, timeout := false, "", time.Duration(0)
	cmd := &cobra.Command{Use: "health URL", Short: "Ask a running service whether it takes requests",
		Long: `Ask a running service, or several behind one address, whether they take requests:
exit code 0 says yes, 1 says no, or that nobody answers. It is what a container's
health check can call, where there is no other program.`,
		Example: "  bailiwick health http://127.0.0.1:8080\n  bailiwick health http://127.0.0.1:8080/order --live",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !strings.HasPrefix(args[0], "http://") && !strings.HasPrefix(args[0], "https://") {
				return usagef("health wants http://HOST:PORT or https://HOST:PORT, not %q", args[0])
			}
			path := "/healthz/ready"
			if live {
				path = "/healthz/live"
			}
			client, err := guard.Client(ca)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			return c.askHealth(ctx, client, strings.TrimSuffix(args[0], "/")+path)
		}}
	cmd.Flags().BoolVar(&live, "live", false, "ask only whether the process answers")
	cmd.Flags().StringVar(&ca, "ca", "", "trust a server whose certificate these have signed (PEM), not those that the system trusts")
	cmd.Flags().DurationVar(&timeout, "timeout", 3*time.Second, "how long to wait for the answer")
	return cmd
}

// askHealth fails unless url is answered 200.
func (c *cli) askHealth(ctx context.Context, client *http.Client, url string) error {
	defer client.CloseIdleConnections()
	failed := func(err error) error {
		return &bailiwick.Error{Code: bailiwick.Unavailable, Op: "ask " + url, Err: err, Do: "look at the service's log"}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return usageError{err}
	}
	resp, err := client.Do(req)
	if err != nil {
		return failed(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxHealth))
	switch {
	case err != nil:
		return failed(err)
	case resp.StatusCode != http.StatusOK:
		return failed(fmt.Errorf("%s: %s", resp.Status, plain(strings.TrimSpace(string(text)))))
	case c.json:
		return c.printJSON(map[string]any{"url": url, "healthy": true})
	}
	_, err = fmt.Fprintln(c.out, "healthy")
	return err
}
