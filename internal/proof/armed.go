//go:build proof

package proof

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Armed says whether this build can break anything.
const Armed = true

// Variable names the environment variable that says what is broken: promises that
// are off and points to die at, separated by commas. A point may say at which
// arrival: "after-commit:12". "barrier,after-commit:12".
const Variable = "BAILIWICK_PROOF"

// armed is done once the process has read the variable, or was told by [Arm]. It is
// read where it is first asked for, so that any package's tests and any child
// process can be broken without a line of their own.
var armed sync.Once

// off holds the promises that are switched off. Readers are on hot paths and in
// many goroutines, so a change replaces the map.
var off atomic.Pointer[map[Promise]bool]

// deadly counts the arrivals that are left at each point before the process dies.
var deadly struct {
	mu   sync.Mutex
	left map[Point]int
}

// Arm switches off and arms what text says, and everything else on, whatever the
// environment says. Text is as [Variable] describes it.
func Arm(text string) error {
	armed.Do(func() {})
	return arm(text)
}

// fromEnvironment arms what the variable says. A process that was to be broken and
// was not would prove the opposite of what it seems to, so a word that is not
// understood ends it.
func fromEnvironment() {
	if err := arm(os.Getenv(Variable)); err != nil {
		panic(err)
	}
}

func arm(text string) error {
	promises, points := map[Promise]bool{}, map[Point]int{}
	for _, word := range strings.Split(text, ",") {
		name, count, counted := strings.Cut(word, ":")
		switch {
		case word == "":
			continue
		case !counted && slices.Contains(Promises(), Promise(name)):
			promises[Promise(name)] = true
		case !slices.Contains(Points(), Point(name)):
			return fmt.Errorf("%s: %q is neither a promise nor a point with an arrival", Variable, word)
		case !counted:
			points[Point(name)] = 1
		default:
			n, err := strconv.Atoi(count)
			if err != nil || n < 1 {
				return fmt.Errorf("%s: %q: the arrival is a number from 1", Variable, word)
			}
			points[Point(name)] = n
		}
	}
	off.Store(&promises)
	deadly.mu.Lock()
	defer deadly.mu.Unlock()
	deadly.left = points
	return nil
}

// Off reports whether a promise is switched off.
func Off(p Promise) bool {
	armed.Do(fromEnvironment)
	set := off.Load()
	return set != nil && (*set)[p]
}

// At is a point at which the process dies, as if it were killed, if it was told to
// and this is the arrival.
func At(p Point) {
	armed.Do(fromEnvironment)
	deadly.mu.Lock()
	defer deadly.mu.Unlock()
	left, told := deadly.left[p]
	if !told {
		return
	}
	deadly.left[p] = left - 1
	if left == 1 {
		die()
	}
}

// die ends the process without a deferred call, a flush or a last word. It does not
// return: whoever has the lock keeps it until the end.
func die() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {}
}
