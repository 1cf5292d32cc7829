package main

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/torture/bank"
)

// tortureDatabases are the databases of the bank, by service.
type tortureDatabases struct {
	urls   map[string]string
	server string   // a database of the server that they were made on; "" for files
	names  []string // what they are called there
}

// databaseFiles returns the databases as files in a directory.
func databaseFiles(dir string) *tortureDatabases {
	d := &tortureDatabases{urls: map[string]string{}}
	for _, service := range bank.Services() {
		d.urls[service] = "sqlite:" + filepath.Join(dir, service+".db")
	}
	return d
}

// makeDatabases makes the databases on the server of which server names one.
func makeDatabases(ctx context.Context, server, prefix string) (*tortureDatabases, error) {
	at, err := url.Parse(server)
	if err != nil {
		return nil, usagef("--db is no URL") // its text may hold a password
	}
	d := &tortureDatabases{urls: map[string]string{}, server: server}
	for _, service := range bank.Services() {
		name := prefix + "_" + service
		if err := d.execute(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
			return nil, errors.Join(err, d.drop())
		}
		d.names = append(d.names, name)
		one := *at
		one.Path = "/" + name
		d.urls[service] = one.String()
	}
	return d, nil
}

// drop removes the databases from the server.
func (d *tortureDatabases) drop() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, name := range d.names {
		err = errors.Join(err, d.execute(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"))
	}
	return err
}

// kept tells which databases were left on the server.
func (d *tortureDatabases) kept() string {
	if len(d.names) == 0 {
		return ""
	}
	return " and the databases " + strings.Join(slices.Sorted(slices.Values(d.names)), ", ")
}

// execute runs a statement that is no transaction's.
func (d *tortureDatabases) execute(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, d.server)
	if err == nil {
		_, err = conn.Exec(ctx, statement)
		err = errors.Join(err, conn.Close(ctx))
	}
	if err != nil {
		return &bailiwick.Error{Code: bailiwick.Unavailable, Op: "torture: " + statement, Err: err, Do: "name a server and a role that may create databases with --db"}
	}
	return nil
}
