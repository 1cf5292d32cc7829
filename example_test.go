package bailiwick_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/bailiwick/bailiwick"
)

// IDs sort in the order in which they were made, also where the clock stands still.
// Given a clock and a source of randomness, they can be told in advance.
func ExampleIDs() {
	ids := bailiwick.IDs{
		Now:  func() time.Time { return time.Date(2011, 12, 9, 12, 50, 0, 0, time.UTC) },
		Rand: strings.NewReader(strings.Repeat("\x5a", 512)),
	}
	first, second := ids.New(), ids.New()
	fmt.Println(first)
	fmt.Println(second)
	fmt.Println(first.String() < second.String())
	// Output:
	// 013422df-80c0-7000-9a5a-5a5a5a5a5a5a
	// 013422df-80c0-7001-9a5a-5a5a5a5a5a5a
	// true
}

func ExampleParseID() {
	id, err := bailiwick.ParseID("0199f3c2-5a1e-7cc0-9d8e-2f9d6f5f4a11")
	fmt.Println(id, err)
	_, err = bailiwick.ParseID("order 7")
	fmt.Println(err)
	// Output:
	// 0199f3c2-5a1e-7cc0-9d8e-2f9d6f5f4a11 <nil>
	// an id has 36 characters: 8-4-4-4-12 hexadecimal digits
}

// Programs test the code, people read what to do.
func ExampleCodeOf() {
	err := fmt.Errorf("starting: %w", &bailiwick.Error{
		Code: bailiwick.Locked, Op: "sqlite: lock",
		Err: errors.New("order, process 7, holds order.db"),
		Do:  "stop it, or ask it to do the work",
	})
	fmt.Println(bailiwick.CodeOf(err))
	fmt.Println(err)
	fmt.Println(bailiwick.CodeOf(errors.New("no code")), bailiwick.CodeOf(nil) == "")
	// Output:
	// locked
	// starting: sqlite: lock: order, process 7, holds order.db (locked): stop it, or ask it to do the work
	// internal true
}

// A position is all that a follower has to remember of a log.
func ExamplePosition() {
	p := bailiwick.Position{Epoch: 1, Seq: 25_900}
	text, err := json.Marshal(p)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p)
	fmt.Println(string(text))
	fmt.Println(p == bailiwick.Position{})
	// Output:
	// 1:25900
	// {"epoch":1,"seq":25900}
	// false
}
