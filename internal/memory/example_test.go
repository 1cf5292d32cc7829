package memory_test

import (
	"context"
	"fmt"
	"log"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/memory"
	"github.com/bailiwick/bailiwick/store"
)

// A commit whose answer is lost, and an owner that dies: the disk tells what became of
// them.
func Example() {
	disk := memory.NewDisk(memory.Options{})
	db, err := disk.Open("till", store.Options{})
	if err != nil {
		log.Fatal(err)
	}
	sell := func(key string) error {
		return db.Do(context.Background(), func(tx *store.Tx) error {
			return tx.Publish(bailiwick.Message{Key: key, Type: "sold", Version: 1})
		})
	}
	fmt.Println("a:", sell("a"))
	disk.Break(func() (before, after error) {
		return nil, &bailiwick.Error{Code: bailiwick.Unknown, Op: "commit"}
	})
	fmt.Println("b:", sell("b"))
	db.Close()
	fmt.Println("c:", bailiwick.CodeOf(sell("c")))
	for _, m := range disk.Messages() {
		fmt.Println(m.Seq, m.Key)
	}
	// Output:
	// a: <nil>
	// b: commit (unknown)
	// c: closed
	// 1 a
	// 2 b
}
