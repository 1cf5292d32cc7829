package supervise_test

import (
	"context"
	"fmt"

	"github.com/bailiwick/bailiwick/service/supervise"
)

// A child runs until it is told to stop. Here it is this program in another role,
// which prints its process id and then holds its lifeline.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	err := supervise.Run(ctx, supervise.Options{Logger: quiet}, child("obedient", func(line string) {
		fmt.Println("it runs:", line != "")
		stop()
	}))
	fmt.Println(err)
	// Output:
	// it runs: true
	// <nil>
}
