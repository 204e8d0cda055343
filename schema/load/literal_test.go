package load

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const literalSource = "# people\n\nuser \"alice\" { // x\n  login = \"alice@x.com\" # c\n\tfirst_name=\"Älice\"\n  status = \"STAGED\"\n}\n" +
	"group \"eng\" {\n  name    = \"Eng\"\n  members = [user.alice, \"bob@x.com\",\n    # more\n    user.c-d,\n  ]\n}\n\ngroup \"none\" {\n  members = []\n  include_groups = [group.eng]\n}"

func TestLiteralsReadWhatIsWrittenPlainly(t *testing.T) {
	t.Parallel()
	got, ok := readLiterals("f", []byte(literalSource), firstByte)
	if !ok {
		t.Fatal("the scanner of literals gave up on a plain file")
	}
	if len(got.users) != 1 || len(got.groups) != 2 {
		t.Errorf("%d users and %d groups, want 1 and 2", len(got.users), len(got.groups))
	}
}

// FuzzLiterals holds the scanner of literals to hclsyntax: what it accepts
// parses without findings to the same people and groups, places included.
func FuzzLiterals(f *testing.F) {
	addFixtures(f)
	f.Add([]byte(literalSource))
	for _, src := range []string{
		"user \"a\" {\n  login = \"a\"\n  login = \"b\"\n}\n", "user \"a\" {\n  login = \"e\u0301\"\n}\n", "user \"a\" {\n login = \"a\" \"b\"\n}\n",
		"group \"a\" {\n  members = [\"a\" \"b\"]\n}\n", "group \"a\" {\n  members = [user.a.b]\n}\n", "group \"a\" {\n  members = [,]\n}\n",
		"group \"a\" {\n  members = [\"\u00e4\", user.b]\n}\n", "user \"a\" {\n}\n", "user\"a\"{\nlogin=\"a\"\n}", "user \"a\" {\n  login = \" \"\n}\n",
		"group \"a\" {\n  members = [user.a] # x\n  name = \"\"\n}\n", "group \"a\" {\n  members = [user.for, user.null, user._x]\n}\n",
		"user \"a\" {\n  login = \"a\"\n  status = \"active\"\n}\n", "user \"a\" {\n  login = \"a\x7f\"\n}\n", "user \"a\" {\n  login = \"a\xff\"\n}\n",
		"user \"a\" {\n  login = \"a\"\n  country_code = \"USA\"\n}\n", "\ufeffuser \"a\" {\n  login = \"a\"\n}\n",
	} {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if scan(src, 64, nil) != nil {
			return
		}
		got, ok := readLiterals("f", src, firstByte)
		if !ok {
			return
		}
		blocks, diags := parseRun("f", src, firstByte)
		want := parsed{diags: diags}
		want.take(blocks)
		if len(want.diags) > 0 || len(want.blocks) > 0 {
			t.Fatalf("accepted what hclsyntax does not take as plain: %d blocks left, %s", len(want.blocks), render(want.diags))
		}
		if diff := cmp.Diff(want.users, got.users, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("people differ (-hclsyntax +literals):\n%s", diff)
		}
		if diff := cmp.Diff(want.groups, got.groups, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("groups differ (-hclsyntax +literals):\n%s", diff)
		}
	})
}
