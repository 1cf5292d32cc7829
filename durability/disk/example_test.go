package disk_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/bailiwick/bailiwick/durability/disk"
)

// A program writes twice and syncs in between. The power goes.
func Example() {
	d, tape := disk.New(disk.Image{"book": nil}).Restart()
	book := tape.Open("book")
	tape.Write(book, 0, []byte("synced, "))
	tape.Sync(book, tape.Len())
	tape.Write(book, 8, []byte("not synced"))

	for _, op := range tape.Ops() {
		d.Play(op)
	}
	chance := rand.New(rand.NewPCG(1, 1))
	fmt.Printf("%q\n", d.Now()["book"])
	fmt.Printf("%q\n", d.PowerCut(chance, disk.Nothing)["book"])
	// Output:
	// "synced, not synced"
	// "synced, "
}
