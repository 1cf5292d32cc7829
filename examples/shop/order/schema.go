package order

import (
	"embed"

	"github.com/bailiwick/bailiwick/store"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrations are the steps of the service's schema, for whoever opens its database.
func Migrations() ([]store.Migration, error) { return store.Migrations(schema, "schema") }
