// Package web is how the shop's services speak HTTP: one way to describe an API,
// one form of errors, one reading of Idempotency-Key and of Prefer: wait, and the
// client and in-process transport that the services call each other with.
//
// An API is described in Go and served as OpenAPI 3.1 at /openapi.json. Requests
// are JSON without unknown fields, at most 1 MiB; errors are problem details of
// RFC 9457 with a code.
//
// A request body is checked against its schema before the handler sees it. That
// costs several times as much as reading it (see BenchmarkPost); an operation on the
// hot path whose domain checks everything anyway sets SkipValidateBody, and is then
// only protected from malformed JSON and unknown fields.
package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// MaxBody is the size from which a request body is refused, with status 413.
const MaxBody = 1 << 20

// New makes an empty API, for huma.Register to add operations to, and the handler
// that serves it together with its OpenAPI document.
func New(title, description string) (huma.API, http.Handler) {
	config := huma.DefaultConfig(title, "1")
	config.Info.Description = description
	config.CreateHooks = nil // they add $schema to every answer
	config.DocsPath = ""
	config.SchemasPath = ""
	config.OpenAPIPath = "" // served below: huma builds its text without a lock
	strict := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshalStrict}
	config.Formats = map[string]huma.Format{"application/json": strict, "json": strict}
	config.Transformers = []huma.Transformer{asProblem}
	config.RejectUnknownQueryParameters = true

	mux := http.NewServeMux()
	api := humago.New(mux, config)
	document := sync.OnceValues(func() ([]byte, error) { return describe(api) })
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		text, err := document()
		if err != nil {
			http.Error(w, "the API has no description", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(text) // the client may have gone
	})
	mux.HandleFunc("/", noSuchPath)
	return api, mux
}

// describe returns the OpenAPI document, with the code that problems carry.
func describe(api huma.API) ([]byte, error) {
	if model := api.OpenAPI().Components.Schemas.Map()["ErrorModel"]; model != nil {
		model.Properties["code"] = &huma.Schema{Type: huma.TypeString, Description: "What failed, for programs."}
	}
	return json.Marshal(api.OpenAPI())
}

var errTrailing = errors.New("there is more after the JSON value")

// unmarshalStrict reads exactly one JSON value that has no unknown fields.
func unmarshalStrict(data []byte, v any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errTrailing
	}
	return nil
}
