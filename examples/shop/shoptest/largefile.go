package shoptest

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"

	"github.com/bailiwick/bailiwick/examples/shop/retail"
)

// A LargeFile is a year of trade to read or replay, gzipped.
type LargeFile struct {
	Path  string
	Lines int // without the header
	Real  bool
}

// The name of the real file, and how many lines and invoices it is published to have.
const (
	realName     = "online-retail.csv.gz"
	realLines    = 541_909
	realInvoices = 25_900
)

// NewLargeFile returns the real file where that is present, in the directory that
// BAILIWICK_DATA names or else in shared/data beside the checkout; and where it is
// not, a generated one of as many invoices, which ends with the test. That takes
// time, so the test is skipped unless BAILIWICK_TEST=full.
func NewLargeFile(t testing.TB) LargeFile {
	t.Helper()
	if os.Getenv("BAILIWICK_TEST") != "full" {
		t.Skip("a test with a large file: it runs where BAILIWICK_TEST=full")
	}
	dir := os.Getenv("BAILIWICK_DATA")
	if dir == "" {
		dir = filepath.Join(checkout(t), "..", "shared", "data")
	}
	path := filepath.Join(dir, realName)
	if _, err := os.Stat(path); err == nil {
		return LargeFile{Path: path, Lines: realLines, Real: true}
	}
	return generated(t)
}

// checkout is the directory of the module: tests run somewhere below it.
func checkout(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		above := filepath.Dir(dir)
		if above == dir {
			t.Fatal("there is no go.mod above the test")
		}
		dir = above
	}
}

func generated(t testing.TB) LargeFile {
	t.Helper()
	var plain, packed bytes.Buffer
	if err := retail.Generate(&plain, 1, realInvoices); err != nil {
		t.Fatal(err)
	}
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(plain.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), realName)
	if err := os.WriteFile(path, packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return LargeFile{Path: path, Lines: bytes.Count(plain.Bytes(), []byte("\n")) - 1}
}
