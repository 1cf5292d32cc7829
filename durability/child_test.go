package durability

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"

	"github.com/bailiwick/bailiwick/engine/sqlite"
)

// childDir is the environment variable that makes the test's program a machine of
// its own, on the production driver alone: it lives in the directory named and
// writes what it tells to the file named by childTold.
const (
	childDir  = "BAILIWICK_DURABILITY_DIR"
	childTold = "BAILIWICK_DURABILITY_TOLD"
)

// line is one note as it is written to the file: whichever is set.
type line struct {
	Tried   *transfer `json:"tried,omitempty"`
	Done    string    `json:"done,omitempty"`
	Refused string    `json:"refused,omitempty"`
	Applied int64     `json:"applied,omitempty"`
}

// child lives twice and returns the exit code.
func child(dir string) int {
	told, err := os.OpenFile(os.Getenv(childTold), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	tell := func(note any) {
		var l line
		switch n := note.(type) {
		case tried:
			l.Tried = &n.transfer
		case done:
			l.Done = n.id
		case refused:
			l.Refused = n.id
		case applied:
			l.Applied = n.seq
		}
		text, err := json.Marshal(l)
		if err == nil {
			_, err = told.Write(append(text, '\n'))
		}
		if err != nil {
			panic(err)
		}
	}
	chance := rand.New(rand.NewPCG(1, 6))
	for i := range 2 {
		err = errors.Join(err, live(dir, sqlite.Full, fmt.Sprint("child.", i), tell, chance, trade))
	}
	if err = errors.Join(err, told.Close()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// note reads a line back.
func note(text []byte) (any, error) {
	var l line
	err := json.Unmarshal(text, &l)
	switch {
	case err != nil:
		return nil, err
	case l.Tried != nil:
		return tried{*l.Tried}, nil
	case l.Done != "":
		return done{l.Done}, nil
	case l.Refused != "":
		return refused{l.Refused}, nil
	}
	return applied{l.Applied}, nil
}
