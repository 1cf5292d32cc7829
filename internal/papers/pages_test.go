package main

import (
	"os"
	"path/filepath"
	"testing"
)

const root = "../.."

// What a page says of the code is what the code says.
func TestPagesAreFresh(t *testing.T) {
	for _, p := range pages {
		t.Run(p.path, func(t *testing.T) {
			want, err := p.write(root)
			if err != nil {
				t.Fatal(err)
			}
			have, err := os.ReadFile(filepath.Join(root, p.path))
			if err != nil {
				t.Fatal(err)
			}
			if string(have) != want {
				t.Errorf("%s is stale: run go generate ./internal/papers", p.path)
			}
		})
	}
}
