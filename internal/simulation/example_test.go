package simulation_test

import (
	"fmt"
	"log"

	"github.com/bailiwick/bailiwick/internal/simulation"
)

// A case that failed is told in a word: its seed, and the faults that it takes.
//
//	go test ./internal/simulation -run Simulation -case 4711:0,3
func ExampleParseCase() {
	c, err := simulation.ParseCase("4711:0,3")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("seed", c.Seed, "with its faults", c.Only)
	fmt.Println(simulation.Case{Seed: c.Seed}, c)
	// Output:
	// seed 4711 with its faults [0 3]
	// 4711 4711:0,3
}
