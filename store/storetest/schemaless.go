package storetest

import (
	"slices"
	"testing"
)

// RunWithoutSQL runs the cases that concern an engine whose services have no tables of
// their own: all but those about statements and migrations.
func RunWithoutSQL(t *testing.T, open func(t *testing.T) Harness) {
	for _, group := range groups {
		cases := group.cases
		switch group.name {
		case "Statements", "Phase":
			continue
		case "Opening":
			cases = slices.DeleteFunc(slices.Clone(cases), func(c testCase) bool { return !slices.Contains(ofOwners, c.name) })
		}
		runCases(t, group.name, cases, open)
	}
}

// ofOwners are the cases about who may open a database, and not about its schema.
var ofOwners = []string{"ConcurrentOpensMigrateOnce", "AnotherOwnerIsRefused", "RunningOwnerKeepsOthersOut"}
