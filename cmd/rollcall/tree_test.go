package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/rollcall-dev/rollcall"

// fewestPackages guards the rules against a listing that went wrong: a rule
// that sees no package holds for all of them.
const fewestPackages = 12

// pkg is one package of this module, as `go list` describes it.
type pkg struct {
	ImportPath, Dir, Name, Export string
	GoFiles, TestGoFiles          []string
	XTestGoFiles                  []string
	Imports, Deps                 []string
	Module                        *struct{ Path string }
}

// path returns the import path under the module: "schema/load", or "." for its root.
func (p *pkg) path() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

// listed runs `go list` once for all rules.
var listed = sync.OnceValues(func() (all []pkg, err error) {
	list := exec.Command("go", "list", "-deps", "-export",
		"-json=ImportPath,Dir,Name,Export,GoFiles,TestGoFiles,XTestGoFiles,Imports,Deps,Module", "./...")
	list.Dir = filepath.Join("..", "..")
	out, err := list.Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			err = fmt.Errorf("%w: %s", err, failed.Stderr)
		}
		return nil, fmt.Errorf("go list: %w", err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		all = append(all, p)
	}
})

// everyPackage returns the packages of this module and all that they need.
func everyPackage(t *testing.T) []pkg {
	t.Helper()
	all, err := listed()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// ownPackages returns the packages of this module.
func ownPackages(t *testing.T) []pkg {
	t.Helper()
	var own []pkg
	for _, p := range everyPackage(t) {
		if p.Module != nil && p.Module.Path == module {
			own = append(own, p)
		}
	}
	if len(own) < fewestPackages {
		t.Fatalf("only %d packages were found, want at least %d", len(own), fewestPackages)
	}
	return own
}

// source is one parsed file of this module.
type source struct {
	pkg  *pkg
	name string
	test bool
	file *ast.File
}

// fileSet knows the places in all parsed files.
var fileSet = token.NewFileSet()

// at returns the place of n, relative to the root of the module.
func (s *source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", filepath.Join(s.pkg.path(), s.name), s.line(n.Pos()))
}

func (s *source) line(p token.Pos) int { return fileSet.Position(p).Line }

// parsed holds every file of this module.
var parsed = sync.OnceValues(func() (all []source, err error) {
	packages, err := listed()
	if err != nil {
		return nil, err
	}
	for i := range packages {
		p := &packages[i]
		if p.Module == nil || p.Module.Path != module {
			continue
		}
		files, err := parsePackage(p)
		if err != nil {
			return nil, err
		}
		all = append(all, files...)
	}
	return all, nil
})

// parsePackage parses the files of p, tests included.
func parsePackage(p *pkg) (all []source, err error) {
	add := func(names []string, test bool) {
		for _, name := range names {
			file, e := parser.ParseFile(fileSet, filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
			err = errors.Join(err, e)
			all = append(all, source{pkg: p, name: name, test: test, file: file})
		}
	}
	add(p.GoFiles, false)
	add(p.TestGoFiles, true)
	add(p.XTestGoFiles, true)
	return all, err
}

// sources returns every file of this module.
func sources(t *testing.T) []source {
	t.Helper()
	ownPackages(t)
	all, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// productFiles returns every file of this module that is no test.
func productFiles(t *testing.T) []source {
	t.Helper()
	var product []source
	for _, s := range sources(t) {
		if !s.test {
			product = append(product, s)
		}
	}
	return product
}
