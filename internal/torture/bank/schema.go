package bank

import (
	"embed"

	"github.com/bailiwick/bailiwick/store"
)

//go:embed schema
var schema embed.FS

// Migrations returns the schema of a service.
func Migrations(service string) ([]store.Migration, error) {
	return store.Migrations(schema, "schema/"+service)
}
