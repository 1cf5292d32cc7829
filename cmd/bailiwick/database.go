package main

import (
	"path/filepath"
	"strings"
)

// fileOf reads the URL of a database: the path of its file for sqlite:PATH; file is
// false for postgres://…, which the engine reads itself. There are no others.
func fileOf(url string) (path string, file bool, err error) {
	if path, file = strings.CutPrefix(url, "sqlite:"); file {
		return strings.TrimPrefix(path, "//"), true, nil
	}
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		return "", false, nil
	}
	return "", false, usagef("--db wants sqlite:PATH or postgres://…, not %q", url)
}

// databaseOf returns the URL of the database of one service, as --db names it or
// --data its directory, which is made.
func databaseOf(service, db, data string) (url string, err error) {
	if db != "" {
		return db, nil
	}
	dir, err := dataDir(data, defaultData)
	if err != nil {
		return "", err
	}
	return "sqlite:" + filepath.Join(dir, service+".db"), nil
}
