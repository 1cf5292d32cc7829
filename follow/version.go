package follow

import (
	"fmt"

	"github.com/bailiwick/bailiwick"
)

// CheckVersion refuses a message whose schema version is newer than the newest that
// a handler knows, with the code [bailiwick.Poison]: it is parked until a program is
// there that knows it. op says what the handler was about to do: "inbox: read".
func CheckVersion(op string, m *bailiwick.Message, known int) error {
	if m.Version <= known {
		return nil
	}
	return &bailiwick.Error{Code: bailiwick.Poison, Op: op + " " + m.Type,
		Err: fmt.Errorf("its schema version is %d, this program knows %d", m.Version, known),
		Do:  "deploy the newer program, then replay the parked key"}
}
