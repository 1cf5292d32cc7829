package pgtest_test

import (
	"database/sql"
	"os"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick/internal/pgtest"
)

var server pgtest.Server

func TestMain(m *testing.M) {
	code := m.Run()
	server.Stop()
	os.Exit(code)
}

// A server that does not sync, or that others can reach, would prove nothing, or
// too much.
func TestServerIsDurableAndPrivate(t *testing.T) {
	db, err := sql.Open("pgx", server.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for setting, want := range map[string]string{"fsync": "on", "synchronous_commit": "on", "listen_addresses": "127.0.0.1", "unix_socket_directories": ""} {
		var got string
		if err := db.QueryRow("SHOW " + setting).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
}

func TestDatabasesAreApart(t *testing.T) {
	one, other := server.Database(t), server.Database(t)
	if one == other {
		t.Fatalf("two databases have one URL: %s", one)
	}
	db, err := sql.Open("pgx", one)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var name string
	if err := db.QueryRow("SELECT current_database()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(one, "/"+name+"?") {
		t.Errorf("%s leads to %s", one, name)
	}
}

func ExampleServer() {
	// In a test file, beside a TestMain that calls server.Stop:
	test := func(t *testing.T) {
		db, err := sql.Open("pgx", server.Database(t))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
	}
	_ = test
}
