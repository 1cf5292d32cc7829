// Package pgtest runs a PostgreSQL server for the tests of one package: a real
// one, with fsync on, reachable over the loopback only, in a data directory of
// its own.
//
// A package declares one [Server], asks it for databases, and stops it when its
// tests are over:
//
//	var server pgtest.Server
//
//	func TestMain(m *testing.M) {
//		code := m.Run()
//		server.Stop()
//		os.Exit(code)
//	}
//
//	func TestTransfer(t *testing.T) {
//		url := server.Database(t)
//		…
//	}
//
// Such tests take seconds and need PostgreSQL, so they run only where the
// environment says BAILIWICK_TEST=full, and skip elsewhere. Where it says so, a
// missing server is a failure and not a skip.
package pgtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that asks whether the server is up
)

// Variable is the environment variable that must be "full" for server tests to
// run.
const Variable = "BAILIWICK_TEST"

// Server is a PostgreSQL server that starts when its first database is asked for.
// The zero value is ready to use.
type Server struct {
	start sync.Once
	err   error

	process *process
	command func() *exec.Cmd // starts the server
	dir     string
	port    int

	mu        sync.Mutex
	databases int
}

// Database creates an empty database, which is dropped when the test ends, and
// returns its URL. It skips the test where server tests are not asked for.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	if os.Getenv(Variable) != "full" {
		t.Skip("a test with a PostgreSQL server: it runs where " + Variable + "=full")
	}
	s.start.Do(func() { s.err = s.run() })
	if s.err != nil {
		t.Fatalf("pgtest: %v", s.err)
	}
	s.mu.Lock()
	s.databases++
	name := fmt.Sprintf("test_%d", s.databases)
	s.mu.Unlock()

	s.exec(t, "CREATE DATABASE "+name)
	t.Cleanup(func() { s.exec(t, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	return s.url(name)
}

// Stop ends the server and removes its data. It does nothing if none was started.
func (s *Server) Stop() {
	if s.process != nil {
		s.process.stop()
	}
	if s.dir != "" {
		os.RemoveAll(s.dir)
	}
}

func (s *Server) url(database string) string {
	return "postgres://" + superuser + "@127.0.0.1:" + strconv.Itoa(s.port) + "/" + database + "?sslmode=disable"
}

func (s *Server) exec(t testing.TB, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("pgtest: %s: %v", statement, err)
	}
}

// superuser is the database role that owns the server. Nobody outside this
// machine can reach it, so it needs no password.
const superuser = "postgres"

// run makes a data directory and starts the server in it.
func (s *Server) run() error {
	bin, err := binaries()
	if err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", "bailiwick-pg-"); err != nil {
		return err
	}
	as, err := unprivileged(s.dir)
	if err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	initdb := as.command(filepath.Join(bin, "initdb"), "--pgdata", data, "--auth", "trust", "--username", superuser,
		"--encoding", "UTF8", "--locale", "C", "--no-sync")
	initdb.Dir = s.dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	s.command = func() *exec.Cmd {
		server := as.command(filepath.Join(bin, "postgres"), "-D", data, "-p", strconv.Itoa(s.port),
			"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
			"-c", "fsync=on", "-c", "synchronous_commit=on", "-c", "max_connections=200",
			"-c", "shared_buffers=64MB", "-c", "log_statement=none")
		server.Dir = s.dir
		return server
	}
	// The port is free when it is looked up; somebody may take it before the
	// server does, so try a few.
	for range 5 {
		if s.port, err = freePort(); err != nil {
			return err
		}
		if err = s.launch(); err == nil {
			return nil
		}
	}
	text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return fmt.Errorf("the server did not start: %w: %s", err, text)
}

// launch starts the server and returns once it answers; one that does not is stopped.
func (s *Server) launch() (err error) {
	if s.process, err = startProcess(s.command(), filepath.Join(s.dir, "log")); err != nil {
		return err
	}
	if err = s.await(); err != nil {
		s.process.stop()
	}
	return err
}

// Restart ends the server at once, as a crash of its machine would but for what was
// not synced, and starts it again: every session is lost, and it recovers from its
// log. It returns once the server answers.
func (s *Server) Restart() (err error) {
	s.process.quit()
	for range 5 { // while it was away somebody's connection may have been given its port
		if err = s.launch(); err == nil {
			return nil
		}
	}
	return err
}

// await returns once the server answers, or has ended.
func (s *Server) await() error {
	db, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		if err = db.PingContext(ctx); err == nil {
			return nil
		}
		select {
		case <-s.process.ended:
			return errors.New("it ended")
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// binaries returns the directory of initdb and postgres: the one on PATH, else the
// newest below /usr/lib/postgresql.
func binaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), "postgres")); err == nil {
				return filepath.Dir(path), nil
			}
		}
	}
	best, version := "", -1
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	for _, path := range found {
		bin := filepath.Dir(path)
		if n, err := strconv.Atoi(filepath.Base(filepath.Dir(bin))); err == nil && n > version {
			best, version = bin, n
		}
	}
	if best == "" {
		return "", errors.New("found neither initdb on PATH nor /usr/lib/postgresql/*/bin: install PostgreSQL")
	}
	return best, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Tool returns the path of a program that came with the server: "pg_dump".
func (s *Server) Tool(name string) (string, error) {
	bin, err := binaries()
	return filepath.Join(bin, name), err
}
