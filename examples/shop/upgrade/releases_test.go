package upgrade_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/replay"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service"
)

// write is the name of the release that is about to be made: the tests then write
// its databases instead of opening others'. CONTRIBUTING.md says when.
var write = flag.String("write", "", "write the databases of this release, v1.2.3, into testdata")

const (
	fixtures = "testdata"
	// tradeFile is what was being replayed when a fixture was made.
	tradeFile     = "trade.csv.gz"
	frozenTrade   = 80 // invoices
	frozenSeed    = 11
	fixtureBudget = 300 << 10 // bytes of one release: every clone has all of them
)

// releases returns the directories of all releases' databases.
func releases(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(fixtures, "v*"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("there is no release in %s: %v", fixtures, err)
	}
	return dirs
}

// Every release's SQLite files open in this program, and what was under way when
// they were made ends as it should.
func TestReleasesOnSQLite(t *testing.T) {
	if *write != "" {
		writeFiles(t, filepath.Join(fixtures, *write))
		return
	}
	for _, release := range releases(t) {
		t.Run(filepath.Base(release), func(t *testing.T) {
			if size := packed(t, release); size > fixtureBudget {
				t.Errorf("the release takes %d bytes, more than %d", size, fixtureBudget)
			}
			dir := t.TempDir()
			for _, name := range shop.Names() {
				save(t, filepath.Join(dir, name+".db"), unpack(t, filepath.Join(release, name+".db.gz")))
			}
			services, err := opening{contract: true}.onFiles(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			revive(t, start(t, services, service.Options{}), release)
		})
	}
}

// The same of its dumps on PostgreSQL, which are databases of their own and begin
// new incarnations of their logs.
func TestReleasesOnPostgreSQL(t *testing.T) {
	if *write != "" {
		writeDumps(t, filepath.Join(fixtures, *write))
		return
	}
	for _, release := range releases(t) {
		t.Run(filepath.Base(release), func(t *testing.T) {
			urls := map[string]string{}
			for _, name := range shop.Names() {
				urls[name] = server.Database(t)
				restore(t, urls[name], unpack(t, filepath.Join(release, name+".sql.gz")))
			}
			if _, err := (opening{}).onServer(t.Context(), urls); bailiwick.CodeOf(err) != bailiwick.Forked {
				t.Fatalf("a restored database was taken for the original: %v", err)
			}
			services, err := opening{contract: true, restored: true}.onServer(t.Context(), urls)
			if err != nil {
				t.Fatal(err)
			}
			revive(t, start(t, services, service.Options{}), release)
		})
	}
}

// revive resolves what waits for a person, replays the rest of the trade and
// compares all.
func revive(t *testing.T, in *instance, release string) {
	t.Helper()
	keys, sagas := 0, 0
	for _, s := range in.services {
		keys += len(replayParked(t, s.DB))
		waiting, err := saga.List(t.Context(), s.DB, saga.Filter{States: []string{saga.Parked}})
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range waiting {
			sagas++
			if err := saga.Retry(t.Context(), s.DB, one.ID); err != nil {
				t.Error(err)
			}
		}
	}
	if keys == 0 || sagas == 0 {
		t.Errorf("%d keys and %d sagas waited for a person; a release has both", keys, sagas)
	}
	settling, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := in.group.Settle(settling); err != nil {
		t.Fatal(err)
	}
	trade := unpack(t, filepath.Join(release, tradeFile))
	report := exact(t, replay.Options{Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(trade)), nil },
		Clients: in.clients, Stock: frozenStock, Credit: frozenCredit})
	if report.Run.Repeated == 0 || report.Run.Repeated == report.Run.Documents {
		t.Errorf("%d of %d documents came with the release: none, or nothing was left to do", report.Run.Repeated, report.Run.Documents)
	}
	addressed(t, in.clients)
	in.stop(t)
}

// writeFiles writes a release's SQLite databases, and what was being replayed.
func writeFiles(t *testing.T, release string) {
	t.Helper()
	dir := t.TempDir()
	services, err := opening{}.onFiles(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	file := trade(t, frozenSeed, frozenTrade)
	freeze(t, services, file)
	if err := os.MkdirAll(release, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range shop.Names() {
		if info, err := os.Stat(filepath.Join(dir, name+".db-wal")); err == nil && info.Size() > 0 {
			t.Fatalf("%s was not closed", name)
		}
		text, err := os.ReadFile(filepath.Join(dir, name+".db"))
		if err != nil {
			t.Fatal(err)
		}
		pack(t, filepath.Join(release, name+".db.gz"), text)
	}
	opened, err := file()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(opened)
	if err != nil {
		t.Fatal(err)
	}
	pack(t, filepath.Join(release, tradeFile), text)
}

// particular is what only the pg_dump of one day writes and only its psql reads.
var particular = regexp.MustCompile(`(?m)^(\\(un)?restrict .*|SET transaction_timeout.*|--.*)\n`)

// writeDumps writes a release's PostgreSQL databases as plain text. writeFiles has
// written what was being replayed, and it is the same.
func writeDumps(t *testing.T, release string) {
	t.Helper()
	urls := map[string]string{}
	for _, name := range shop.Names() {
		urls[name] = server.Database(t)
	}
	services, err := opening{}.onServer(t.Context(), urls)
	if err != nil {
		t.Fatal(err)
	}
	freeze(t, services, trade(t, frozenSeed, frozenTrade))
	bin, err := server.Tool("pg_dump")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range shop.Names() {
		text, err := exec.CommandContext(t.Context(), bin, "--no-owner", "--no-privileges", urls[name]).Output()
		if err != nil {
			t.Fatal(err)
		}
		pack(t, filepath.Join(release, name+".sql.gz"), particular.ReplaceAll(text, nil))
	}
}

func restore(t *testing.T, url string, dump []byte) {
	t.Helper()
	bin, err := server.Tool("psql")
	if err != nil {
		t.Fatal(err)
	}
	psql := exec.CommandContext(t.Context(), bin, "-q", "-v", "ON_ERROR_STOP=1", url)
	psql.Stdin = bytes.NewReader(dump)
	if out, err := psql.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// unpack returns what is in a gzipped file.
func unpack(t *testing.T, path string) []byte {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return text
}

func pack(t *testing.T, path string, text []byte) {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	save(t, path, b.Bytes())
}

func save(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// packed returns how many bytes a release takes.
func packed(t *testing.T, release string) (size int64) {
	t.Helper()
	entries, err := os.ReadDir(release)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	return size
}
