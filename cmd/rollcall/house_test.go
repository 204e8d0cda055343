package main

import (
	"go/ast"
	"go/parser"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The limits of the house. They are where good code ends up, not a game: a
// function that is one thought may come near them.
const (
	maxFunctionLines = 80
	maxFileLines     = 600
	maxNesting       = 4
)

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	docs := map[*pkg][]string{}
	for _, s := range productFiles(t) {
		if _, seen := docs[s.pkg]; !seen {
			docs[s.pkg] = nil
		}
		if s.file.Doc != nil {
			docs[s.pkg] = append(docs[s.pkg], s.file.Doc.Text())
		}
	}
	for p, texts := range docs {
		if len(texts) != 1 {
			t.Errorf("%s has %d package docs, want one", p.path(), len(texts))
			continue
		}
		wantPackageDoc(t, p, texts[0])
	}
}

// sentenceEnd is a full stop at the end of a word, a line or the text.
var sentenceEnd = regexp.MustCompile(`[.!?]["')\]]*(\s|$)`)

// wantPackageDoc fails unless text says what p is, in two sentences at least.
func wantPackageDoc(t *testing.T, p *pkg, text string) {
	t.Helper()
	start := "Package " + p.Name + " "
	if p.Name == "main" {
		start = "Command "
	}
	if !strings.HasPrefix(text, start) && !strings.HasPrefix(text, "Rollcall ") {
		t.Errorf("%s: the package doc does not begin with %q", p.path(), start)
	}
	if n := len(sentenceEnd.FindAllString(text, -1)); n < 2 {
		t.Errorf("%s: the package doc has %d sentences, want two at least", p.path(), n)
	}
}

func TestEveryExportedNameIsDocumented(t *testing.T) {
	t.Parallel()
	for _, s := range productFiles(t) {
		for _, decl := range s.file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && exportedReceiver(d) {
					wantDoc(t, &s, d.Name, d.Doc)
				}
			case *ast.GenDecl:
				wantSpecDocs(t, &s, d)
			}
		}
	}
}

// exportedReceiver reports whether f is no method, or one of an exported type.
func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	name := f.Recv.List[0].Type
	for {
		switch n := name.(type) {
		case *ast.StarExpr:
			name = n.X
		case *ast.IndexExpr:
			name = n.X
		case *ast.IndexListExpr:
			name = n.X
		case *ast.Ident:
			return n.IsExported()
		default:
			return false
		}
	}
}

// wantSpecDocs looks at the types, constants and variables of one declaration.
// Constants that belong together may share the comment of their group.
func wantSpecDocs(t *testing.T, s *source, d *ast.GenDecl) {
	t.Helper()
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			doc := spec.Doc
			if doc == nil && !d.Lparen.IsValid() {
				doc = d.Doc
			}
			if spec.Name.IsExported() {
				wantDoc(t, s, spec.Name, doc)
			}
		case *ast.ValueSpec:
			wantValueDoc(t, s, d, spec)
		}
	}
}

// wantValueDoc looks at one line of constants or variables.
func wantValueDoc(t *testing.T, s *source, d *ast.GenDecl, spec *ast.ValueSpec) {
	t.Helper()
	if !slices.ContainsFunc(spec.Names, (*ast.Ident).IsExported) {
		return
	}
	grouped := d.Lparen.IsValid() && (d.Doc != nil || spec.Doc != nil || spec.Comment != nil)
	if !grouped {
		wantDoc(t, s, spec.Names[0], d.Doc)
	}
}

// wantDoc fails unless doc begins with the name.
func wantDoc(t *testing.T, s *source, name *ast.Ident, doc *ast.CommentGroup) {
	t.Helper()
	if doc == nil {
		t.Errorf("%s: %s is exported and has no doc", s.at(name), name.Name)
		return
	}
	if text := doc.Text(); !strings.HasPrefix(text, name.Name+" ") && !strings.HasPrefix(text, name.Name+"'s ") &&
		!strings.HasPrefix(text, name.Name+",") && !strings.HasPrefix(text, name.Name+":") && !strings.HasPrefix(text, name.Name+"\n") {
		t.Errorf("%s: the doc of %s does not begin with its name", s.at(name), name.Name)
	}
}

func TestFilesAndFunctionsStaySmall(t *testing.T) {
	t.Parallel()
	var functions, files []int
	for _, s := range productFiles(t) {
		lines := s.line(s.file.FileEnd)
		files = append(files, lines)
		if lines > maxFileLines {
			t.Errorf("%s has %d lines, want at most %d", s.at(s.file.Name), lines, maxFileLines)
		}
		for _, f := range functionsOf(s.file) {
			n := s.line(f.End()) - s.line(f.Pos()) + 1
			functions = append(functions, n)
			if n > maxFunctionLines {
				t.Errorf("%s: %s has %d lines, want at most %d", s.at(f), f.Name.Name, n, maxFunctionLines)
			}
			if depth := nesting(f.Body); depth > maxNesting {
				t.Errorf("%s: %s nests %d deep, want at most %d", s.at(f), f.Name.Name, depth, maxNesting)
			}
		}
	}
	t.Logf("%d functions: p50 %d, p95 %d lines", len(functions), percentile(functions, 50), percentile(functions, 95))
	t.Logf("%d files: p50 %d, p95 %d lines", len(files), percentile(files, 50), percentile(files, 95))
}

// functionsOf returns the functions of file that have a body.
func functionsOf(file *ast.File) []*ast.FuncDecl {
	var all []*ast.FuncDecl
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil {
			all = append(all, f)
		}
	}
	return all
}

// percentile returns the value that p percent of values do not exceed.
func percentile(values []int, p int) int {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)*p/100, len(sorted)-1)]
}

// nesting returns how many statements that hold others stand in each other. An
// else-if is as deep as its if.
func nesting(root ast.Node) int {
	deepest := 0
	var stack []ast.Node
	depth := 0
	ast.Inspect(root, func(n ast.Node) bool {
		if n == nil {
			if deepens(stack) {
				depth--
			}
			stack = stack[:len(stack)-1]
			return true
		}
		stack = append(stack, n)
		if deepens(stack) {
			depth++
			deepest = max(deepest, depth)
		}
		return true
	})
	return deepest
}

// deepens reports whether the last node of stack is a level of its own.
func deepens(stack []ast.Node) bool {
	switch n := stack[len(stack)-1].(type) {
	case *ast.IfStmt:
		if len(stack) > 1 {
			if outer, ok := stack[len(stack)-2].(*ast.IfStmt); ok && outer.Else == n {
				return false
			}
		}
		return true
	case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt, *ast.FuncLit:
		return true
	}
	return false
}

func TestNothingIsLeftForLater(t *testing.T) {
	t.Parallel()
	later := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`)
	for _, s := range sources(t) {
		for _, group := range s.file.Comments {
			for _, c := range group.List {
				if later.MatchString(c.Text) {
					t.Errorf("%s leaves something for later: %s", s.at(c), c.Text)
				}
			}
		}
	}
}

func TestNestingCountsStatementsThatHoldOthers(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]int{
		`x()`:                                0,
		`if a { x() }`:                       1,
		`if a { x() } else if b { x() }`:     1,
		`if a { x() } else { if b { x() } }`: 2,
		`for range s { switch x { case 1: if a { go func() { x() }() } } }`: 4,
	} {
		file, err := parser.ParseFile(fileSet, "code.go", "package p\nfunc f() { "+code+" }", 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := nesting(functionsOf(file)[0].Body); got != want {
			t.Errorf("nesting of %s is %d, want %d", code, got, want)
		}
	}
}
