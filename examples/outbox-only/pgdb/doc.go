// Package pgdb holds the shop's queries on PostgreSQL. sqlc generated it from
// queries/postgres.sql and the tables of migrations/postgres, as sqlc.yaml says; only this
// file is written by hand.
package pgdb
