// Command bailiwick runs the example shop and looks after services' databases.
//
// It is the only place that maps URLs to engines. Its exit codes are
//
//	0    it did what was asked
//	1    it failed; the line on standard error says why and what to do
//	2    it was called wrongly
//	3    it was refused: a database is locked by a running owner, belongs to
//	     another service, is newer than the program, or is none
//	4    a replay did not reconcile, or torture found a broken promise
//	5    what was named does not exist
//	130  a second Ctrl-C stopped it at once
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(exitAtOnce)
	}()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
