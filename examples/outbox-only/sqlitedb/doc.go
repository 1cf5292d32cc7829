// Package sqlitedb holds the shop's queries on SQLite. sqlc generated it from
// queries/sqlite.sql and the tables of migrations/sqlite, as sqlc.yaml says; only this
// file is written by hand.
package sqlitedb
