// Package catalog is the shop's catalog service: it knows what can stand on an
// invoice, goods and fees, and tells the others in its log.
package catalog

import (
	"embed"

	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

// Name is the service's name, and the owner of its database.
const Name = "catalog"

//go:embed schema/*.sql
var schema embed.FS

// Migrations returns the schema of the service's database.
func Migrations() ([]store.Migration, error) { return store.Migrations(schema, "schema") }

// New makes the service on its database, which was opened with [Migrations].
func New(db *store.DB) (*service.Service, error) {
	return &service.Service{Name: Name, DB: db, API: routes(&products{db: db})}, nil
}
