// Package floors holds the rule of who may import whom, for a test that asks
// go list whether the house still stands as ARCHITECTURE.md draws it.
package floors

import "strings"

// Module is the path of the module that the rules are for.
const Module = "github.com/bailiwick/bailiwick"

// The floors, from the ground up. Imports walk down.
const (
	words    = iota // the root: the shared words
	ports           // store
	loop            // follow
	patterns        // outbox, inbox, saga, and beside them the engines
	composition
	kit // bailiwicktest: for users' tests
	examples
	edge // cmd
	hidden
	outside
)

// place says on which floor a package stands and in which room. Packages of one
// room may import each other.
func place(pkg string) (floor int, room string) {
	path, ours := strings.CutPrefix(pkg, Module)
	if !ours || path != "" && path[0] != '/' {
		return outside, ""
	}
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	switch parts[0] {
	case "":
		return words, ""
	case "store":
		return ports, "store"
	case "follow":
		return loop, "follow"
	case "outbox", "inbox", "saga":
		return patterns, parts[0]
	case "engine":
		return patterns, strings.Join(parts[:min(2, len(parts))], "/")
	case "service":
		return composition, "service"
	case "bailiwicktest":
		return kit, "bailiwicktest"
	case "examples":
		return examples, strings.Join(parts[:min(2, len(parts))], "/")
	case "cmd":
		return edge, strings.Join(parts[:min(2, len(parts))], "/")
	case "internal":
		// Two rooms are parts of programs all the same, and on a floor like others:
		// the points at which any line may be told to break, and what breaks them.
		switch {
		case path == "/internal/proof":
			return words, "proof"
		case strings.HasPrefix(path+"/", "/internal/torture/"):
			return examples, "torture"
		}
		return hidden, ""
	}
	return -1, ""
}

// Wrong says why from must not import to, or "". test says that only from's tests
// do: they may look down on engines and into internal, but a service of an example
// does not know its neighbours' insides in its tests either.
func Wrong(from, to string, test bool) string {
	above, room := place(from)
	below, next := place(to)
	switch {
	case above < 0:
		return "it has no floor: give it one in internal/floors, or put it where it belongs"
	case below < 0:
		return "that has no floor: give it one in internal/floors, or put it where it belongs"
	case insideOfAnother(from, to):
		return "a service of an example knows others only by their api packages"
	case test || above == hidden:
		return ""
	case below == hidden:
		return "internal packages are for tests"
	case below == kit && room != next && !strings.HasSuffix(from, "test"):
		return "bailiwicktest is for tests"
	case below == outside:
		if above == words && isRemote(to) {
			return "the root needs nothing but the standard library"
		}
		return ""
	case above == below && room == next:
		return ""
	case above == below:
		return "rooms of one floor do not know each other"
	case below > above:
		return "imports walk down"
	case above == ports && below != words:
		return "a port knows the root only"
	case strings.HasPrefix(next, "engine/") && above == composition,
		strings.HasPrefix(next, "engine/") && shopService(from) != "":
		return "engines are chosen at the edge"
	}
	return ""
}

// isRemote reports whether an import path is of another module: the standard
// library has no dot in its first part.
func isRemote(pkg string) bool {
	first, _, _ := strings.Cut(pkg, "/")
	return strings.Contains(first, ".")
}

// services of the shop. What else lies beside them is shared, or composes them.
var services = []string{"user", "catalog", "inventory", "order", "payment", "delivery", "notification"}

// shopService returns to which of the shop's services a package belongs; "" if to
// none.
func shopService(pkg string) string {
	path, ok := strings.CutPrefix(pkg, Module+"/examples/shop/")
	if !ok {
		return ""
	}
	first, _, _ := strings.Cut(path, "/")
	for _, service := range services {
		if first == service {
			return service
		}
	}
	return ""
}

// insideOfAnother reports whether a service's package imports the inside of
// another service, or what composes them all.
func insideOfAnother(from, to string) bool {
	own := shopService(from)
	if own == "" {
		return false
	}
	shop := Module + "/examples/shop"
	if to == shop || to == shop+"/replay" {
		return true
	}
	other := shopService(to)
	api := shop + "/" + other + "/" + other + "api"
	ownAPI := shop + "/" + own + "/" + own + "api"
	return other != "" && to != api && (other != own || from == ownAPI)
}
