package main_test

import "testing"

// An engine that there is not is a wrong call, whichever command is given it.
func TestDatabasesOfUnknownEngines(t *testing.T) {
	for _, command := range [][]string{{"outbox", "status"}, {"migrate", "status"}, {"migrate", "expand", "user"}, {"run", "user"}, {"saga", "retry", "s1"}} {
		call(t, append(command, "--db", "mysql:user")...).expect(t, 2, "sqlite:PATH", "mysql:user")
	}
}
