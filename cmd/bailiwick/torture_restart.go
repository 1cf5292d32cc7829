package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// shell runs a command line of the user's. What that leaves running, a server above
// all, keeps its output: so that is a file, which nobody reads to its end.
func shell(ctx context.Context, line string) error {
	out, err := os.CreateTemp("", "bailiwick-restart-")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name()) // the error stands without it too
		return fmt.Errorf("%s: %w: %s", line, err, said)
	}
	return nil
}
