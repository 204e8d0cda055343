package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/types"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/rollcall-dev/rollcall/schema"
)

func TestExamplesOfCodesAreCanonicalConfiguration(t *testing.T) {
	t.Parallel()
	for _, d := range schema.Codes() {
		t.Run(string(d.Code), func(t *testing.T) {
			t.Parallel()
			wantCanonical(t, d.Good)
			if d.Code != "syntax" {
				wantCanonical(t, d.Bad)
			}
		})
	}
}

// wantCanonical fails unless text parses and is laid out as `rollcall fmt` would.
func wantCanonical(t *testing.T, text string) {
	t.Helper()
	if _, diags := hclsyntax.ParseConfig([]byte(text), "example.hcl", hcl.InitialPos); diags.HasErrors() {
		t.Errorf("example does not parse: %v\n%s", diags, text)
	}
	if diff := cmp.Diff(text, string(hclwrite.Format([]byte(text)))); diff != "" {
		t.Errorf("example is not formatted (- is, + should be):\n%s", diff)
	}
}

// codesInUse finds every constant of type schema.Code in the code, with one
// place that uses it. It goes by types, so a reason's code is none of them.
func codesInUse(t *testing.T) map[schema.Code]string {
	t.Helper()
	productFiles(t) // fails where the listing is not whole
	used, err := checkedCodes()
	if err != nil {
		t.Fatal(err)
	}
	return used
}

// checkedCodes checks the types of every package once.
var checkedCodes = sync.OnceValues(func() (map[schema.Code]string, error) {
	packages, err := listed()
	if err != nil {
		return nil, err
	}
	exports := map[string]string{}
	for _, p := range packages {
		exports[p.ImportPath] = p.Export
	}
	compiled := importer.ForCompiler(fileSet, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})
	all, err := parsed()
	files := map[*pkg][]*ast.File{}
	for _, s := range all {
		if !s.test && s.pkg.path() != "schema" { // which holds the catalogue itself
			files[s.pkg] = append(files[s.pkg], s.file)
		}
	}
	used := map[schema.Code]string{}
	for p, inPackage := range files {
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
		config := types.Config{Importer: compiled}
		if _, e := config.Check(p.ImportPath, fileSet, inPackage, info); e != nil {
			err = errors.Join(err, fmt.Errorf("check the types of %s: %w", p.path(), e))
		}
		collectCodes(info, used)
	}
	return used, err
})

// collectCodes adds the constants of type schema.Code that info knows.
func collectCodes(info *types.Info, used map[schema.Code]string) {
	for expr, tv := range info.Types {
		if tv.Value == nil || tv.Value.Kind() != constant.String || tv.Type.String() != module+"/schema.Code" {
			continue
		}
		if code := schema.Code(constant.StringVal(tv.Value)); code != "" {
			at := fileSet.Position(expr.Pos())
			used[code] = fmt.Sprintf("%s:%d", at.Filename, at.Line)
		}
	}
}

func TestEveryCodeInUseIsInTheCatalogue(t *testing.T) {
	t.Parallel()
	used := codesInUse(t)
	if len(used) == 0 {
		t.Fatal("no code was found in use")
	}
	for _, code := range slices.Sorted(maps.Keys(used)) {
		if _, known := code.Doc(); !known {
			t.Errorf("%s: the code %q is not in the catalogue", used[code], code)
		}
	}
}

// reserved are codes of the contract that nothing gives yet.
var reserved = []schema.Code{}

func TestEveryCodeOfTheCatalogueIsInUse(t *testing.T) {
	t.Parallel()
	used := codesInUse(t)
	for _, d := range schema.Codes() {
		if _, inUse := used[d.Code]; inUse == slices.Contains(reserved, d.Code) {
			t.Errorf("code %q: in use is %t, reserved is %t", d.Code, inUse, slices.Contains(reserved, d.Code))
		}
	}
}
