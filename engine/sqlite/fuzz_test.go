package sqlite

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
)

// Whatever a killed owner, or anybody else, left in the side file, nobody is said
// to run, and it is no error.
func FuzzSideFile(f *testing.F) {
	for _, seed := range []string{`{"owner":"order","pid":4711,"admin":"/run/order.sock"}`, `{"owner":"order","pid":4711}` + strings.Repeat(" ", 990) + "\n", "", "{", `{"pid":"x"}`, `{"pid":1e99}`, "\x00\x00", `{"admin":"` + strings.Repeat("a", 1100) + `"}`, `null`, `[]`} {
		f.Add([]byte(seed))
	}
	path := filepath.Join(f.TempDir(), "order.db")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(lockPath(path), text, 0o600); err != nil {
			t.Fatal(err)
		}
		info, running, err := ReadLock(path)
		if running || err != nil {
			t.Fatalf("%q: %+v runs: %v, %v", text, info, running, err)
		}
		if !utf8.Valid(text) || json.Unmarshal(text, &info) != nil {
			return
		}
		if err := os.Truncate(lockPath(path), 0); err != nil {
			t.Fatal(err)
		}
		err = writeInfo(lockPath(path), info)
		written, _ := os.ReadFile(lockPath(path))
		if err != nil {
			if plain, _ := json.Marshal(info); len(plain) < lockSize {
				t.Fatalf("%+v is refused with %v", info, err)
			}
			return
		}
		if again, err := readInfo(path); err != nil || again != info || len(written) != lockSize {
			t.Fatalf("%+v becomes %+v in %d bytes, %v", info, again, len(written), err)
		}
	})
}

// The end of a prefix parts what begins with it from what sorts after that.
func FuzzPrefixEnd(f *testing.F) {
	f.Add("customer%2F17850/", "customer%2F17850/0000000001.0000000000000000007")
	f.Add("a", "b")
	f.Add("a\xff", "b")
	f.Add("\xff\xff", "\xff\xff\xff")
	f.Add("", "a")
	f.Add("é", "ê")
	f.Fuzz(func(t *testing.T, prefix, key string) {
		end := prefixEnd(prefix)
		within := key >= prefix && (end == "" || key < end)
		if within != strings.HasPrefix(key, prefix) {
			t.Fatalf("%q is between %q and %q: %v", key, prefix, end, within)
		}
	})
}

// A query's values are never in its text, and the text asks for each once.
func FuzzQuery(f *testing.F) {
	f.Add("follow.parked/order", "a", "b'; DROP TABLE", "c", "retry", int64(0), 1, true)
	f.Add("", "", "", "", "", int64(1), 0, false)
	f.Add("?", "%", "\xff", "?", "?", int64(-1), -1, true)
	f.Fuzz(func(t *testing.T, kind, key, prefix, after, state string, due int64, limit int, newest bool) {
		q := driver.Query{Kind: kind, Key: key, Prefix: prefix, After: after, Limit: limit, Newest: newest}
		if state != "" {
			q.States = []string{state, "more"}
		}
		if due != 0 {
			q.DueBy = time.UnixMicro(due)
		}
		text, args := listQuery(q)
		if strings.Count(text, "?") != len(args) {
			t.Fatalf("%s has %d values", text, len(args))
		}
		if strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_ ,=?<>()") != "" {
			t.Fatalf("%s holds more than was written", text)
		}
	})
}

// An id's text is that id again; the empty one stands for none.
func FuzzIDText(f *testing.F) {
	for _, seed := range []string{"", "0198c5c2-7b1e-7000-8000-0123456789ab", "00000000-0000-0000-0000-000000000000", "0198C5C2-7B1E-7000-8000-0123456789AB", "latest"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := parseID(text)
		if err != nil {
			return
		}
		if again, err := parseID(idText(id)); err != nil || again != id || id.IsZero() != (idText(id) == "") {
			t.Fatalf("%q is %s, written %q", text, id, idText(id))
		}
		if text == "" && id != (bailiwick.ID{}) {
			t.Fatalf("nothing is %s", id)
		}
	})
}

// Whatever a file is called, the name that SQLite is given means that file, and
// adds no setting.
func FuzzFileName(f *testing.F) {
	for _, seed := range []string{"/var/lib/order.db", "/data/what?mode=memory", "/data/100%", "/data/a#b", "/data/%3Fmode=ro", "/é/ö.db", "/a b/c+d.db", "/a&_pragma=x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
			return
		}
		name := dsn(path, url.Values{"mode": {"rw"}})
		u, err := url.Parse(name)
		if err != nil || u.Scheme != "file" || u.Path != path || u.Host != "" || u.Fragment != "" {
			t.Fatalf("%q is called %q: %+v, %v", path, name, u, err)
		}
		if got := u.Query(); len(got) != 4 || got.Get("mode") != "rw" || len(got["_pragma"]) != 2 {
			t.Fatalf("%q is called %q, with %v", path, name, got)
		}
	})
}
