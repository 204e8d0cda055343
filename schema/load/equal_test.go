package load

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"golang.org/x/tools/txtar"

	"github.com/rollcall-dev/rollcall/schema"
)

// TestOrderOfFilesAndBlocksDoesNotMatter shuffles the blocks of a configuration
// over files of any names and expects the same configuration.
func TestOrderOfFilesAndBlocksDoesNotMatter(t *testing.T) {
	t.Parallel()
	archive, err := txtar.ParseFile("testdata/expressions.txtar")
	if err != nil {
		t.Fatal(err)
	}
	blocks, rest := blocksOf(t, archive)
	want := fixtureResults(archive)["config"]
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 1))
		random.Shuffle(len(blocks), func(i, j int) { blocks[i], blocks[j] = blocks[j], blocks[i] })
		files := map[string]string{}
		for _, b := range blocks {
			files[fmt.Sprintf("%c/f%d.hcl", 'a'+random.IntN(3), random.IntN(4))] += b
		}
		shuffled := &txtar.Archive{Files: slices.Clone(rest)}
		for name, text := range files {
			shuffled.Files = append(shuffled.Files, txtar.File{Name: name, Data: []byte(text)})
		}
		got := fixtureResults(shuffled)
		if diff := cmp.Diff(withoutPlaces(want), withoutPlaces(got["config"])); diff != "" {
			t.Fatalf("seed %d: %s\n(-want +got):\n%s", seed, got["findings"], diff)
		}
	}
}

// withoutPlaces takes out the lines that show where a group is named.
func withoutPlaces(dump string) string {
	lines := strings.Split(dump, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return strings.Contains(l, "Condition: groups") }), "\n")
}

func blocksOf(t *testing.T, archive *txtar.Archive) (blocks []string, rest []txtar.File) {
	t.Helper()
	for _, f := range archive.Files {
		if !strings.HasSuffix(f.Name, ".hcl") {
			rest = append(rest, f)
			continue
		}
		file, diags := hclsyntax.ParseConfig(f.Data, f.Name, firstByte)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		for _, b := range file.Body.(*hclsyntax.Body).Blocks {
			blocks = append(blocks, string(f.Data[b.TypeRange.Start.Byte:b.CloseBraceRange.End.Byte])+"\n")
		}
	}
	return blocks, rest
}

// TestWrittenOutBlocksDecodeAsAllOthers compares the decoding off the syntax
// tree with the decoding by evaluation, which a for_each of one element asks for.
func TestWrittenOutBlocksDecodeAsAllOthers(t *testing.T) {
	t.Parallel()
	bodies := map[string]string{
		"user":  "  login = \"A@x.com\"\n  id = \"7\"\n  status = \"STAGED\"\n  city = \"\"\n  department = \"Ünï \\\"q\\\" $${x}\"\n",
		"group": "  name = \"N\"\n  description = \"d\"\n  members = [user.other, \"b@x\", directory.file.hr.users[\"z\"]]\n  include_groups = [group.other, \"G\"]\n",
	}
	for typ, body := range bodies {
		common := "directory \"file\" \"hr\" {\n  path = \"x.csv\"\n}\nuser \"other\" {\n  login = \"o\"\n}\ngroup \"other\" {\n  members = []\n}\n"
		plain := loadOne(t, common+typ+" \"x\" {\n"+body+"}\n")
		evaluated := loadOne(t, common+typ+" \"x\" {\n"+body+"  for_each = { k = 1 }\n}\n")
		if got, want := strings.ReplaceAll(dump(evaluated), `x[\"k\"]`, "x"), dump(plain); got != want {
			t.Errorf("%s by evaluation (-want +got):\n%s", typ, cmp.Diff(want, got))
		}
	}
}

func loadOne(t *testing.T, src string) *schema.Config {
	t.Helper()
	config, _, diags := Load(fstest.MapFS{"a.hcl": {Data: []byte(src)}}, Options{})
	if diags.HasErrors() {
		t.Fatalf("%s\n%s", src, render(diags))
	}
	return config
}

// TestCompiledExpressionsMeanWhatHCLComputes evaluates conditions by closures and
// by hcl, for people with and without the attributes.
func TestCompiledExpressionsMeanWhatHCLComputes(t *testing.T) {
	t.Parallel()
	operands := []string{
		`principal.department`, `principal.custom.level`, `principal.custom.flag`, `principal.custom.none`, `principal.custom.list`,
		`principal.id`, `principal.email`, `principal.status`, `"Eng"`, `""`, `null`, `5`, `true`, `lower(principal.department)`,
		`upper(principal.title)`, `"${principal.department}-x"`, `principal.custom.flag ? "a" : "b"`,
	}
	var sources []string
	for _, a := range operands {
		for _, b := range operands {
			sources = append(sources, a+" == "+b, a+" != "+b)
		}
		sources = append(sources, a, "!("+a+")", `contains(["eng", "Eng"], `+a+`)`, `startswith(`+a+`, "E")`,
			a+` != null && startswith(`+a+`, "E")`, a+` == null || endswith(`+a+`, "g")`, `trimspace(`+a+`) == "Eng"`, `"<${`+a+`}>"`,
			`(`+a+` == "Eng") == true`, `member_of(group.g) && `+a+` == "Eng"`, `member_of(group.g) ? `+a+` : "other"`)
	}
	for _, src := range sources {
		compareWithHCL(t, src)
	}
}

var persons = []*schema.User{
	{Login: "a@x.com"},
	{Login: "nomail", ID: "7", Status: schema.Suspended, Profile: []schema.Attribute{{Name: "title", Value: "Eng"}, {Name: "department", Value: "Eng"}}},
	{Login: "b@x.com", Profile: []schema.Attribute{{Name: "email", Value: ""}, {Name: "department", Value: ""}},
		Custom: []schema.CustomAttribute{{Name: "flag", Value: true}, {Name: "level", Value: 5.0}, {Name: "list", Value: []any{"a"}}}},
	{Login: "c@x.com", Profile: []schema.Attribute{{Name: "department", Value: " eng"}},
		Custom: []schema.CustomAttribute{{Name: "flag", Value: false}, {Name: "level", Value: "Eng"}}},
}

func compareWithHCL(t *testing.T, src string) {
	t.Helper()
	l := &loader{opts: Options{Limits: Limits{}.withDefaults(), Environ: func(string) (string, bool) { return "", false }}, config: &schema.Config{}, sources: Sources{}, fsys: fstest.MapFS{}}
	l.run()
	l.plainGroups["group.g"] = 0
	l.config.Groups = []schema.Group{{Address: "group.g"}}
	expr, diags := hclsyntax.ParseExpression([]byte(src), "x", firstByte)
	if diags.HasErrors() {
		t.Fatalf("%s: %v", src, diags)
	}
	sc := scope{principal: true, memberOf: true}
	slow, ok := l.late(expr, sc)
	if !ok {
		t.Fatalf("%s: %s", src, render(l.diags))
	}
	c := compiler{l: l, scope: sc}
	fast, ok := c.node(expr)
	if !ok {
		return
	}
	for _, u := range persons {
		for _, member := range []bool{true, false} {
			s := &subject{u, func(schema.Address) bool { return member }}
			got, gotErr := fast.asValue()(s)
			want, wantErr := slow.value(s)
			if (gotErr != nil) != (wantErr != nil) || gotErr == nil && !cmp.Equal(got, want) {
				t.Errorf("%s for %s: closure %#v, %v; hcl %#v, %v", src, u.Login, got, gotErr, want, wantErr)
			}
		}
	}
}
