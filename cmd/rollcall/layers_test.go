package main

import (
	"go/ast"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// within reports whether path is root or lies below it.
func within(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

// ownImports returns what p imports from this module, without the module's path.
func (p *pkg) ownImports() []string {
	var own []string
	for _, path := range p.Imports {
		if rest, ok := strings.CutPrefix(path, module+"/"); ok {
			own = append(own, rest)
		}
	}
	return own
}

// layer says what a package may import from this module.
func layer(path string) (may func(imported string) bool, known bool) {
	switch {
	case path == "schema":
		return func(string) bool { return false }, true
	case within(path, "schema"):
		return func(i string) bool { return i == "schema" || within(i, path) }, true
	case within(path, "planner"):
		return func(i string) bool { return i == "schema" || within(i, "planner") }, true
	case within(path, "providers"):
		return func(i string) bool { return i == "schema" || within(i, "planner") || mayShare(path, i) }, true
	case within(path, "cmd"):
		return func(string) bool { return true }, true
	}
	return nil, false
}

// mayShare says which packages of providers may import each other: all of them
// the root, a dialect its protocol, and everything what is internal to both.
func mayShare(path, imported string) bool {
	return imported == "providers" || within(imported, path) || within(imported, "providers/internal") ||
		path == "providers/twingate" && imported == "providers/scim"
}

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	for _, p := range ownPackages(t) {
		may, known := layer(p.path())
		if !known {
			t.Errorf("%s belongs to no layer", p.path())
			continue
		}
		for _, imported := range p.ownImports() {
			if !may(imported) {
				t.Errorf("%s imports %s, which its layer may not", p.path(), imported)
			}
		}
	}
}

func TestOnlyTheCommandKnowsTheLanguage(t *testing.T) {
	t.Parallel()
	for _, p := range ownPackages(t) {
		if within(p.path(), "cmd") || within(p.path(), "schema/load") {
			continue
		}
		for _, dep := range p.Deps {
			if strings.HasPrefix(dep, "github.com/hashicorp/hcl") || strings.HasPrefix(dep, "github.com/zclconf/") ||
				within(dep, module+"/schema/load") {
				t.Errorf("%s reaches %s", p.path(), dep)
			}
		}
	}
}

// pure are the packages that are given the world instead of reaching for it.
func pure(path string) bool { return path == "schema" || within(path, "planner") }

func TestPurePackagesReachNoNetworkAndNoProgram(t *testing.T) {
	t.Parallel()
	direct := []string{"os", "io/fs", "path/filepath", "math/rand", "math/rand/v2", "crypto/rand", "log", "sync", "syscall", "runtime"}
	for _, p := range ownPackages(t) {
		if !pure(p.path()) {
			continue
		}
		for _, dep := range p.Deps {
			if within(dep, "net") && dep != "net/netip" && dep != "net/url" || dep == "os/exec" {
				t.Errorf("%s reaches %s", p.path(), dep)
			}
		}
		for _, imported := range p.Imports {
			if slices.Contains(direct, imported) {
				t.Errorf("%s imports %s", p.path(), imported)
			}
		}
	}
}

// forTests reports whether p draws values for property tests; then no pure
// package of the product may reach it.
func forTests(p pkg) bool { return slices.Contains(p.Imports, "pgregory.net/rapid") }

func TestPurePackagesStandardLibraryAlone(t *testing.T) {
	t.Parallel()
	for _, p := range ownPackages(t) {
		if !pure(p.path()) || forTests(p) {
			continue
		}
		for _, imported := range p.Imports {
			if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") && !within(imported, module) {
				t.Errorf("%s imports %s, which is outside of the standard library", p.path(), imported)
			}
		}
		if slices.Contains(p.Deps, "pgregory.net/rapid") {
			t.Errorf("%s reaches a package for tests", p.path())
		}
	}
}

func TestPurePackagesReadNoClockAndStartNoGoroutine(t *testing.T) {
	t.Parallel()
	clock := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Local"}
	for _, s := range productFiles(t) {
		if !pure(s.pkg.path()) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s starts a goroutine", s.at(n))
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clock, n.Sel.Name) {
					t.Errorf("%s reads the clock: time.%s", s.at(n), n.Sel.Name)
				}
			}
			return true
		})
	}
}

func TestSandboxSharesNoCodeWithTheClient(t *testing.T) {
	t.Parallel()
	for _, p := range ownPackages(t) {
		if p.path() == "providers/sandbox" && slices.Contains(p.Deps, module+"/providers/scim") ||
			p.path() == "providers/scim" && slices.Contains(p.Deps, module+"/providers/sandbox") {
			t.Errorf("%s reaches its counterpart: a shared mistake would cancel out", p.path())
		}
	}
}

func TestNothingHappensBeforeMain(t *testing.T) {
	t.Parallel()
	for _, s := range productFiles(t) {
		for _, decl := range s.file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s declares an init function", s.at(f))
			}
		}
		for _, imported := range s.file.Imports {
			path, err := strconv.Unquote(imported.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if imported.Name != nil && imported.Name.Name == "_" && path != "embed" {
				t.Errorf("%s imports %s for its side effects", s.at(imported), path)
			}
		}
	}
}

func TestLayersForbidTheWayBack(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		from, to string
		want     bool
	}{
		{"schema", "planner", false},
		{"schema/load", "schema", true},
		{"schema/load", "planner", false},
		{"planner", "schema", true},
		{"planner", "schema/load", false},
		{"planner", "providers", false},
		{"planner/planfile", "planner", true},
		{"providers", "planner", true},
		{"providers", "cmd/rollcall/internal/run", false},
		{"providers/scim", "providers", true},
		{"providers/scim", "providers/sandbox", false},
		{"providers/twingate", "providers/scim", true},
		{"cmd/rollcall/internal/cli", "providers/scim", true},
	} {
		may, known := layer(tc.from)
		if !known || may(tc.to) != tc.want {
			t.Errorf("%s may import %s: %t, want %t", tc.from, tc.to, !tc.want, tc.want)
		}
	}
	if _, known := layer("util"); known {
		t.Error("a package outside of the layers is let through")
	}
}
