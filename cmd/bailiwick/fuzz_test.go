package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bailiwick/bailiwick/engine/httpfeed"
	"github.com/bailiwick/bailiwick/examples/shop"
)

// Where peers are is understood, so that their feeds can be asked for, or refused
// as a wrong call.
func FuzzPeers(f *testing.F) {
	f.Add("payment", "http://127.0.0.1:8080", "")
	f.Add("payment", "https://shop.example/api/", "order=http://[::1]:8081")
	f.Add("payment", "http://h?x=1", "")
	f.Add("payment", "http://h#order", "order=http://h?")
	f.Add("inventory", "h:8080", "order=")
	f.Add("delivery", "http://u:secret@h", "order")
	f.Add("nobody", "", "=http://h")
	f.Add("notification", "http://h/%zz", "order=http://\x7f")
	f.Add("payment", "http://h%2F", "")
	f.Fuzz(func(t *testing.T, name, all, one string) {
		p := peers{all: all}
		if one != "" {
			p.each = []string{one}
		}
		if err := p.check(name); err != nil {
			if !errors.As(err, new(usageError)) || exitCode(err) != exitUsage {
				t.Fatalf("%q %q is refused with %v", all, one, err)
			}
			return
		}
		for _, producer := range shop.Producers(name) {
			if _, err := httpfeed.New(httpfeed.Options{URL: p.base(producer) + "/" + producer + "/feed", Log: producer + "/outbox"}); err != nil {
				t.Fatalf("%q %q is taken, and then: %v", all, one, err)
			}
		}
	})
}

// What names no engine is a wrong call.
func FuzzDatabaseURL(f *testing.F) {
	for _, seed := range []string{"", "order.db", "mysql://h/db", "SQLITE:order.db", "postgres:/h", "postgres//h", " sqlite:order.db", "file:order.db", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, url string) {
		for _, engine := range []string{"sqlite:", "postgres://", "postgresql://"} {
			if strings.HasPrefix(url, engine) {
				return // it would be opened
			}
		}
		if _, err := look(context.Background(), url); !errors.As(err, new(usageError)) {
			t.Fatalf("%q: %v", url, err)
		}
	})
}

// Whatever a directory is called, its databases are found, and no others.
func TestDatabasesOfAnyDirectory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root, err := os.MkdirTemp("", "data")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(root)
		dir := filepath.Join(root, rapid.StringMatching(`[a-c*?\[\]^é -]{1,6}`).Draw(t, "name"))
		for _, d := range []string{dir, filepath.Join(root, "other")} {
			if err := os.MkdirAll(d, 0o700); err != nil {
				t.Fatal(err)
			}
			for _, file := range []string{"order.db", "order.db.lock"} {
				if err := os.WriteFile(filepath.Join(d, file), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		p := places{data: dir}
		if got, err := p.list(); err != nil || len(got) != 1 || got[0] != "sqlite:"+filepath.Join(dir, "order.db") {
			t.Fatalf("in %q are %q, %v", dir, got, err)
		}
	})
}
