// Package api writes down what the module exports, as text that a test compares
// with docs/api.txt: so nobody changes the API without seeing it, and a reviewer
// reads the change as a diff.
//
// Signatures are read from the source as it is written, by go/parser alone. What is
// under internal, examples, cmd and bench promises nothing and is left out.
package api

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// private are the directories at the root whose packages promise nothing.
var private = []string{"internal", "examples", "cmd", "bench", "docs", "deploy"}

// Describe returns the exported declarations of all public packages of the module
// in root, one a line, sorted by package and then by text. module is its path.
func Describe(root, module string) (string, error) {
	dirs, err := Directories(root)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, dir := range dirs {
		lines, err := describe(filepath.Join(root, dir))
		if err != nil {
			return "", err
		}
		if len(lines) == 0 {
			continue
		}
		fmt.Fprintf(&b, "package %s\n", path.Join(module, dir))
		for _, line := range lines {
			fmt.Fprintf(&b, "\t%s\n", line)
		}
	}
	return b.String(), nil
}

// Directories returns those of the module in root that may hold public packages,
// with slashes and relative to root, "." among them, in the order of their names.
func Directories(root string) ([]string, error) {
	var all []string
	err := filepath.WalkDir(root, func(dir string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		relative, err := filepath.Rel(root, dir)
		if err != nil {
			return err
		}
		if relative = filepath.ToSlash(relative); relative != "." {
			if strings.HasPrefix(e.Name(), ".") || e.Name() == "testdata" || slices.Contains(private, relative) {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				return filepath.SkipDir // a module of its own
			}
		}
		all = append(all, relative)
		return nil
	})
	return all, err
}

// describe returns the exported declarations of the package in a directory. Files
// that only one operating system has are told of as well.
func describe(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	p := pkg{files: token.NewFileSet(), seen: map[string]bool{}}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(p.files, filepath.Join(dir, e.Name()), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		if file.Name.Name == "main" {
			return nil, nil
		}
		for _, d := range file.Decls {
			p.declaration(d)
		}
	}
	slices.Sort(p.lines)
	return p.lines, nil
}

// pkg collects the declarations of one package.
type pkg struct {
	files *token.FileSet
	lines []string
	seen  map[string]bool
}

func (p *pkg) add(format string, args ...any) {
	if line := fmt.Sprintf(format, args...); !p.seen[line] { // one file for each system says the same
		p.seen[line] = true
		p.lines = append(p.lines, line)
	}
}

func (p *pkg) declaration(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		p.function(d)
	case *ast.GenDecl:
		var last *ast.ValueSpec // whose type and value a constant without them repeats
		for at, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				p.typ(s)
			case *ast.ValueSpec:
				if s.Type != nil || s.Values != nil || d.Tok == token.VAR {
					last = s
				}
				p.value(d.Tok, s, last, at)
			}
		}
	}
}

func (p *pkg) function(f *ast.FuncDecl) {
	if !f.Name.IsExported() {
		return
	}
	if f.Recv == nil {
		p.add("func %s%s", f.Name.Name, p.signature(f.Type))
		return
	}
	receiver := f.Recv.List[0].Type
	if ast.IsExported(base(receiver)) {
		p.add("method (%s) %s%s", p.text(receiver), f.Name.Name, p.signature(f.Type))
	}
}

// base returns the name of a receiver's type.
func base(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return base(e.X)
	case *ast.IndexExpr:
		return base(e.X)
	case *ast.IndexListExpr:
		return base(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// signature is the text of a function's type parameters, parameters and results.
func (p *pkg) signature(f *ast.FuncType) string {
	of := *f
	of.TypeParams = nil
	return p.parameters(f.TypeParams) + strings.TrimPrefix(p.text(&of), "func")
}

func (p *pkg) parameters(list *ast.FieldList) string {
	if list == nil {
		return ""
	}
	var parts []string
	for _, f := range list.List {
		var names []string
		for _, n := range f.Names {
			names = append(names, n.Name)
		}
		parts = append(parts, strings.Join(names, ", ")+" "+p.text(f.Type))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func (p *pkg) typ(s *ast.TypeSpec) {
	name := s.Name.Name
	if !s.Name.IsExported() {
		return
	}
	head := "type " + name + p.parameters(s.TypeParams)
	if s.Assign.IsValid() {
		p.add("%s = %s", head, p.text(s.Type))
		return
	}
	switch t := s.Type.(type) {
	case *ast.StructType:
		p.add("%s struct", head)
		p.members("field "+name, t.Fields)
	case *ast.InterfaceType:
		p.add("%s interface", head)
		p.members("interface "+name, t.Methods)
	default:
		p.add("%s %s", head, p.text(s.Type))
	}
}

// members tells of a struct's fields, or of an interface's methods.
func (p *pkg) members(head string, list *ast.FieldList) {
	for _, f := range list.List {
		tag := ""
		if f.Tag != nil { // part of what is stored or sent
			tag = " " + f.Tag.Value
		}
		if len(f.Names) == 0 && ast.IsExported(base(f.Type)) || len(f.Names) == 0 && base(f.Type) == "" {
			p.add("%s embeds %s%s", head, p.text(f.Type), tag)
		}
		for _, n := range f.Names {
			switch of, isMethod := f.Type.(*ast.FuncType); {
			case !n.IsExported() && strings.HasPrefix(head, "interface"):
				p.add("%s has methods that are not exported", head)
			case !n.IsExported():
			case isMethod && strings.HasPrefix(head, "interface"):
				p.add("%s: %s%s", head, n.Name, p.signature(of))
			default:
				p.add("%s.%s %s%s", head, n.Name, p.text(f.Type), tag)
			}
		}
	}
}

// value tells of constants, with their values, and of variables. at is what iota is.
func (p *pkg) value(tok token.Token, s, last *ast.ValueSpec, at int) {
	for i, n := range s.Names {
		if !n.IsExported() {
			continue
		}
		line := tok.String() + " " + n.Name
		if last.Type != nil {
			line += " " + p.text(last.Type)
		}
		if tok == token.CONST && i < len(last.Values) {
			value := p.text(last.Values[i])
			if line += " = " + value; strings.Contains(value, "iota") {
				line += fmt.Sprintf(", at %d", at)
			}
		}
		p.add("%s", line)
	}
}

// text is a part of the source on one line.
func (p *pkg) text(n ast.Node) string {
	var b bytes.Buffer
	if err := printer.Fprint(&b, p.files, n); err != nil {
		return err.Error() // a bytes.Buffer never fails, nor does a tree that was parsed
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
