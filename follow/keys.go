package follow

import (
	"maps"
	"slices"
)

func sortedKeys(h Handlers) []string { return slices.Sorted(maps.Keys(h)) }
