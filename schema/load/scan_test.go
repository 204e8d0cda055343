package load

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

func TestScanAcceptsWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	for _, src := range []string{
		"",
		"user \"a\" {\n  login = \"a@x.com\"\n}\n",
		"a = -1 - -1 + !true\n",
		"a = \"$${x} %%{y} ${\"${1}\"} \\\"${2}\\\"\"\n",
		"a = <<-EOT\n  text ${x} \" { [ (\n  EOT\nb = 1\n",
		"a = x[*].y[*].z\nb = x[*]\n",
		"# ((((\n/* [[[[ \n */ a = 1 // {{{\n",
		"a = [\n" + repeatLines("  x ? 1 : 2,\n", 500) + "]\n",
		"a = {\n" + repeatLines("  k = x ? 1 : 2\n", 500) + "}\n",
		"a = [\n" + repeatLines("  user.someone[\"x\"].y,\n", 5000) + "]\n",
	} {
		if got := scan([]byte(src), 64, nil); got != nil {
			t.Errorf("scan(%.60q) refused at %d: %s", src, got.offset, got.what)
		}
	}
}

func repeatLines(line string, n int) string {
	out := make([]byte, 0, len(line)*n)
	for range n {
		out = append(out, line...)
	}
	return string(out)
}

// tokenDepth is how deep the lexer of hclsyntax sees brackets and templates nest.
func tokenDepth(tokens hclsyntax.Tokens) int {
	depth, deepest := 0, 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOQuote,
			hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
			deepest = max(deepest, depth)
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote,
			hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			depth--
		}
	}
	return deepest
}

// giants finds what the scan must have refused in what the lexer sees.
func giants(t *testing.T, tokens hclsyntax.Tokens) {
	t.Helper()
	unary := 0
	for _, token := range tokens {
		switch token.Type {
		case hclsyntax.TokenBang, hclsyntax.TokenMinus:
			unary++
		case hclsyntax.TokenComment:
		default: // a line's end, too, outside of brackets; inside, TestHostileFiles… tells
			unary = 0
		}
		if unary > maxUnaryRun {
			t.Errorf("%d unary operators in a row were let through", unary)
		}
		if token.Type == hclsyntax.TokenNumberLit && len(token.Bytes) > maxNumberSize {
			t.Errorf("a number of %d digits was let through", len(token.Bytes))
		}
	}
}

// FuzzScan holds the scan to what hclsyntax's lexer sees: whatever is let
// through is not deep and has no giants; and a valid file that is cut into runs
// parses to the same blocks as the whole.
func FuzzScan(f *testing.F) {
	for _, src := range hostile() {
		if len(src) < 2000 {
			f.Add([]byte(src))
		}
	}
	for _, src := range []string{
		"a \"b\" {\n x = \"${y[\"z\"]}\"\n}\n\nc {}\n# x\nd {\n e = [1,\n 2]\n}\n",
		"a {\n}\n<<E\n${\"\nE\n", "x = \"$${\"\n", "x = \"$$${y}\"\n", "x = \"%%%{\"\n", "a {\n x = \"\\\"\n}\nb {}\n",
		"a = <<E\n  E\n}\nE\n", "a = { for x in y : x => \"${~x~}\" }\n", "a{x=\"${[}\"}\n}\n", "a {\r\n}\r\nb {\r\n}\r\n",
		"a {\n  /* } */\n}\nb = \"$\"\nc {\n}\n", "\xef\xbb\xbfa {\n}\nb {\n}\n", "a {\n}\n\xff\nb{\n}\n",
	} {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var cuts []cut
		if scan(src, 12, func(offset, line int) { cuts = append(cuts, cut{offset, line}) }) != nil {
			return
		}
		tokens, lexDiags := hclsyntax.LexConfig(src, "f", hcl.InitialPos)
		if got, most := tokenDepth(tokens), 12; got > most && !lexDiags.HasErrors() {
			t.Errorf("depth %d was let through, limit %d", got, most)
		}
		giants(t, tokens)
		checkRuns(t, src, cuts)
	})
}

type cut struct{ offset, line int }

func checkRuns(t *testing.T, src []byte, cuts []cut) {
	t.Helper()
	whole, wholeDiags := hclsyntax.ParseConfig(src, "f", firstByte)
	var blocks hclsyntax.Blocks
	attributes := 0
	var diags hcl.Diagnostics
	start := firstByte
	for _, c := range append(cuts, cut{len(src), 0}) {
		file, runDiags := hclsyntax.ParseConfig(src[start.Byte:c.offset], "f", start)
		diags = append(diags, runDiags...)
		blocks = append(blocks, file.Body.(*hclsyntax.Body).Blocks...)
		attributes += len(file.Body.(*hclsyntax.Body).Attributes)
		start = hcl.Pos{Byte: c.offset, Line: c.line, Column: 1}
	}
	if wholeDiags.HasErrors() {
		if !diags.HasErrors() && attributes <= 1 {
			t.Errorf("the runs parse, the whole does not: %v", wholeDiags)
		}
		return
	}
	if diags.HasErrors() {
		t.Fatalf("the whole parses, the runs do not: %v", diags)
	}
	body := whole.Body.(*hclsyntax.Body)
	opts := cmp.Options{
		cmpopts.IgnoreUnexported(hclsyntax.Body{}, hclsyntax.AnonSymbolExpr{}),
		cmp.Comparer(func(a, b cty.Value) bool { return a.RawEquals(b) }),
		cmp.Comparer(func(a, b cty.Type) bool { return a.Equals(b) }),
		cmp.Comparer(func(a, b *hclsyntax.Operation) bool { return a == b }),
		cmp.Comparer(func(a, b hcl.TraverseRoot) bool { return a.Name == b.Name && a.SrcRange == b.SrcRange }),
		cmp.Comparer(func(a, b hcl.TraverseAttr) bool { return a.Name == b.Name && a.SrcRange == b.SrcRange }),
		cmp.Comparer(func(a, b hcl.TraverseIndex) bool { return a.Key.RawEquals(b.Key) && a.SrcRange == b.SrcRange }),
		cmpopts.EquateEmpty(),
	}
	if diff := cmp.Diff(body.Blocks, blocks, opts); diff != "" {
		t.Errorf("blocks of the whole and of the runs differ:\n%s", diff)
	}
}
