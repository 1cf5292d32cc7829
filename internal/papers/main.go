// Command papers writes those pages of docs/ that the code already says: the
// configuration reference and the error catalogue. Its tests fail when a page is
// stale, when a page names what is not there, and when a constructor lacks an
// example.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

//go:generate go run .

// page is one generated page.
type page struct {
	path  string // below the repository
	write func(root string) (string, error)
}

var pages = []page{
	{"docs/configuration.md", configuration},
	{"docs/errors.md", catalogue},
}

func main() {
	root := filepath.Join("..", "..") // go generate runs here
	for _, p := range pages {
		text, err := p.write(root)
		if err == nil {
			err = os.WriteFile(filepath.Join(root, p.path), []byte(text), 0o644)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "papers: %s: %v\n", p.path, err)
			os.Exit(1)
		}
	}
}

// generated is the note at the head of each page.
const generated = "<!-- Written by internal/papers from the code: edit that, then run go generate ./internal/papers -->\n"
