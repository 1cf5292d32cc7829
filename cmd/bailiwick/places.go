package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/service/admin"
	"github.com/bailiwick/bailiwick/store"
)

// defaultData is where the demo keeps its databases, and where the other commands
// look for some when they are told nothing.
const defaultData = "bailiwick-data"

// places are the databases that a command is about, as its flags name them.
type places struct {
	urls    []string
	data    string
	service string
}

func (p *places) flags(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringArrayVar(&p.urls, "db", nil, "database of a service: sqlite:PATH or postgres://…; may be repeated")
	cmd.Flags().StringVar(&p.data, "data", "", "directory whose *.db files are meant (default "+defaultData+" where it exists)")
	cmd.Flags().StringVar(&p.service, "service", "", "only the database of this service")
	cmd.MarkFlagsMutuallyExclusive("db", "data")
	_ = cmd.MarkFlagDirname("data") // fails only for a flag that does not exist
	return cmd
}

// list returns the URLs of the databases.
func (p *places) list() ([]string, error) {
	if len(p.urls) > 0 {
		return p.urls, nil
	}
	dir := p.data
	if dir == "" {
		if _, err := os.Stat(defaultData); err != nil {
			return nil, usagef("which databases? name them with --db URL, or their directory with --data DIR")
		}
		dir = defaultData
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, &bailiwick.Error{Code: bailiwick.NotFound, Op: "look in " + dir, Err: errors.New("there is no such directory"), Do: "name the --data of the demo or of your services"}
	}
	files, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*.db"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, &bailiwick.Error{Code: bailiwick.NotFound, Op: "look in " + dir, Err: errors.New("there is no *.db file"), Do: "name the --data of the demo or of your services"}
	}
	for i := range files {
		files[i] = "sqlite:" + files[i]
	}
	return files, nil
}

// escapeGlob has a directory's name mean itself.
func escapeGlob(dir string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`).Replace(dir)
}

// place is one database, opened to look at it.
type place struct {
	url string
	*store.DB
}

// each opens the databases read-only, one after another, and calls fn with each.
// fn returning [errEnough] ends it early.
func (p *places) each(ctx context.Context, fn func(place) error) error {
	urls, err := p.list()
	if err != nil {
		return err
	}
	var seen []string
	for _, url := range urls {
		db, err := look(ctx, url)
		if err != nil {
			return err
		}
		seen = append(seen, db.Owner())
		if p.service == "" || p.service == db.Owner() {
			err = fn(place{url, db})
		}
		if err := errors.Join(err, db.Close()); errors.Is(err, errEnough) {
			return nil
		} else if err != nil {
			return err
		}
	}
	if p.service != "" && !slices.Contains(seen, p.service) {
		return &bailiwick.Error{Code: bailiwick.NotFound, Op: "look for " + p.service,
			Err: errors.New("none of the databases is its"), Do: "name one of: " + strings.Join(seen, ", ")}
	}
	return nil
}

var errEnough = errors.New("enough")

// look opens a database to read it, beside whoever runs on it.
func look(ctx context.Context, url string) (*store.DB, error) {
	path, file, err := fileOf(url)
	switch {
	case err != nil:
		return nil, err
	case file:
		return sqlite.Open(ctx, path, sqlite.Options{ReadOnly: true, Readers: 1})
	}
	return postgres.Open(ctx, url, postgres.Options{ReadOnly: true, MaxConns: 2})
}

// operate has an operation done in a service's database: by its owner where one
// runs, else in its place.
func operate(ctx context.Context, url, service string, o admin.Operation) (done string, err error) {
	o.Service = service
	path, file, err := fileOf(url)
	if err != nil {
		return "", err
	}
	if !file {
		db, err := postgres.Open(ctx, url, postgres.Options{Owner: o.Service, Offline: true, MaxConns: 2})
		if err != nil {
			return "", err
		}
		done, err = o.Apply(ctx, db)
		return done, errors.Join(err, db.Close())
	}
	info, running, err := sqlite.ReadLock(path)
	switch {
	case err != nil:
		return "", err
	case running && info.Admin != "":
		return admin.Send(ctx, info.Admin, o)
	case running:
		return "", &bailiwick.Error{Code: bailiwick.Locked, Op: "change " + path,
			Err: errors.New("its owner runs and has no admin socket"), Do: "stop the owner, or have it serve admin.Handler"}
	}
	db, err := sqlite.Open(ctx, path, sqlite.Options{Offline: true})
	if err != nil {
		return "", err
	}
	done, err = o.Apply(ctx, db)
	return done, errors.Join(err, db.Close())
}
