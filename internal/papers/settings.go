package main

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/printer"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/bailiwick/bailiwick/internal/api"
)

// setting is a struct whose fields a program sets.
type setting struct {
	pkg, name, doc string
	fields         []field
}

type field struct{ name, typ, doc string }

// settled are the structs that configure although their names do not end in
// Options.
var settled = []string{"follow.Follower", "follow.Retry", "service.Service", "store.Retention", "store.Subscriber"}

// settings returns the structs of the public packages that programs configure
// parts with, by package.
func settings(root string) ([]setting, error) {
	var all []setting
	err := eachPackage(root, func(dir string, fset *token.FileSet, files []*ast.File) error {
		p, err := doc.NewFromFiles(fset, files, "github.com/bailiwick/bailiwick/"+dir)
		if err != nil {
			return err
		}
		for _, t := range p.Types {
			if !strings.HasSuffix(t.Name, "Options") && !slices.Contains(settled, p.Name+"."+t.Name) {
				continue
			}
			st, ok := t.Decl.Specs[0].(*ast.TypeSpec).Type.(*ast.StructType)
			if !ok {
				continue
			}
			s := setting{pkg: dir, name: t.Name, doc: plain(t.Doc)}
			for _, f := range st.Fields.List {
				for _, name := range f.Names {
					if !name.IsExported() {
						continue
					}
					var typ strings.Builder
					if err := printer.Fprint(&typ, fset, f.Type); err != nil {
						return err
					}
					s.fields = append(s.fields, field{name.Name, typ.String(), plain(f.Doc.Text() + f.Comment.Text())})
				}
			}
			if len(s.fields) > 0 {
				all = append(all, s)
			}
		}
		return nil
	})
	return all, err
}

// links are those of go doc, which mean nothing on a page.
var links = regexp.MustCompile(`\[([A-Za-z.]+)\]`)

func plain(text string) string { return links.ReplaceAllString(text, "`$1`") }

// eachPackage calls fn with the parsed files, tests included, of each public
// package of the module.
func eachPackage(root string, fn func(dir string, fset *token.FileSet, files []*ast.File) error) error {
	dirs, err := api.Directories(root)
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		names, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
		if err != nil {
			return err
		}
		if len(names) == 0 {
			continue
		}
		fset := token.NewFileSet()
		var files []*ast.File
		for _, name := range names {
			file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			files = append(files, file)
		}
		if err := fn(dir, fset, files); err != nil {
			return err
		}
	}
	return nil
}
