package file_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rollcall-dev/rollcall/providers/directory/file"
	"github.com/rollcall-dev/rollcall/schema"
)

func at(o schema.Origin) string { return fmt.Sprintf("%d:%d", o.Line, o.Column) }

func TestBadFilesAreFindingsWithAPlace(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, path, content, code, at, says string }{
		{"no login column", "a.csv", "name,logn\nann,a\n", "missing-column", "1:1", `Did you mean "logn"?`},
		{"login under another name", "a.csv", "name,Email\nann,a\n", "missing-column", "1:1", `columns = { "Email" = "login" }`},
		{"semicolons for commas", "a.csv", "login;name\nann;a\n", "missing-column", "1:1", "separated by commas"},
		{"nothing like a login", "a.csv", "x,y\nann,a\n", "missing-column", "1:1", "Every person needs a login"},
		{"empty CSV", "a.csv", "", "malformed-data", "1:1", "no header line"},
		{"column without a name", "a.csv", "login,\nann,\n", "malformed-data", "1:7", "a name is empty"},
		{"column twice", "a.csv", "login,title,title\na,b,c\n", "malformed-data", "1:13", `"title"`},
		{"too few fields", "a.csv", "login,title\nann,x\nbob\n", "malformed-data", "3:1", "1 fields and the header has 2"},
		{"too many fields", "a.csv", "login,title\nann,x,y\n", "malformed-data", "2:1", "3 fields"},
		{"quote never closed", "a.csv", "login,title\nann,\"x\nbob,y\n", "malformed-data", "2:5", "never closed"},
		{"quote inside", "a.csv", "login\nÄn\"n\n", "malformed-data", "2:3", "not quoted"},
		{"text after quote", "a.csv", "login\n\"ann\"x\n", "malformed-data", "2:6", "closing quote"},
		{"not UTF-8", "a.csv", "login\nann\nb\xf6b\n", "malformed-data", "3:2", "UTF-8"},
		{"cut inside a character", "a.csv", "login\nann\nb\xc3", "malformed-data", "3:2", "UTF-8"},
		{"NUL", "a.csv", "login\nann\nb\x00b\n", "malformed-data", "3:2", "NUL"},
		{"UTF-16", "a.csv", "\xff\xfel\x00o\x00", "malformed-data", "1:1", "UTF-8"},
		{"empty login", "a.csv", "title,login\nx, \n", "missing-argument", "2:3", "needs a login"},
		{"same login in other case", "a.csv", "login\nann@x\nbob\nANN@x\n", "duplicate-login", "4:1", "line 2"},
		{"unknown status", "a.csv", "login,status\nann,SUSPENDD\n", "invalid-value", "2:5", "Did you mean SUSPENDED?"},
		{"not UTF-8 in JSON", "a.json", "[{\"login\":\"\xff\"}]", "malformed-data", "1:12", "UTF-8"},
		{"an object for a list", "a.json", `{"people":[]}`, "malformed-data", "1:2", "one array"},
		{"cut JSON", "a.json", `[{"login":"ann"}`, "malformed-data", "1:17", "file is cut"},
		{"cut inside a row", "a.json", `[{"login":"ann"`, "malformed-data", "1:16", "file is cut"},
		{"JSON and more", "a.json", `[{"login":"ann"}] []`, "malformed-data", "1:20", "something follows"},
		{"invalid JSON", "a.json", "[\n{\"login\":ann}]", "malformed-data", "2:10", "not valid"},
		{"row that is no object", "a.json", `["ann"]`, "malformed-data", "1:7", "a text"},
		{"key twice", "a.json", `[{"login":"ann","login":"bob"}]`, "malformed-data", "1:17", `"login"`},
		{"row without login", "a.json", `[{"login":"a"}, {"email":"b"}]`, "missing-column", "1:18", `Did you mean "email"?`},
		{"empty row", "a.json", `[{}]`, "missing-argument", "1:3", "needs a login"},
		{"null login", "a.json", `[{"login":null}]`, "missing-argument", "1:3", "needs a login"},
		{"list for a text", "a.json", `[{"login":"a","title":["x"]}]`, "wrong-type", "1:15", `"title"`},
		{"numbers for groups", "a.json", `[{"login":"a","groups":[1]}]`, "wrong-type", "1:15", "list of texts"},
		{"deep JSON", "a.json", `[{"login":"a","x":` + strings.Repeat("[", 5000), "too-complex", "", "64 deep"},
		{"deep YAML", "a.yaml", "- login: a\n  x: " + strings.Repeat("[", 5000), "too-complex", "", "64 deep"},
		{"deep YAML by dashes", "a.yaml", strings.Repeat("- ", 5000), "too-complex", "", "64 deep"},
		{"alias bomb", "a.yaml", "- &a [x, x]\n- &b [*a, *a]\n", "malformed-data", "1:3", "write the values out"},
		{"invalid YAML", "a.yaml", "- login: a\n  x: [\n", "malformed-data", "", "not valid"},
		{"YAML without a list", "a.yaml", "login: a\n", "malformed-data", "", "one list"},
		{"two YAML documents", "a.yaml", "- login: a\n---\n- login: b\n", "malformed-data", "", "one document"},
		{"empty YAML", "a.yaml", "# nothing\n", "malformed-data", "1:1", "write []"},
		{"cut line", "a.jsonl", "{\"login\":\"a\"}\n{\"login\":\"b\"", "malformed-data", "2:13", "file is cut"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := finding(t, block(tt.path), tt.content)
			if string(got.Code) != tt.code || !strings.Contains(got.Detail, tt.says) {
				t.Errorf("got %s: %s\nwant %s, saying %q", got.Code, got.Detail, tt.code, tt.says)
			}
			if tt.at != "" && at(got.Origin) != tt.at {
				t.Errorf("place is %s, want %s (%s)", at(got.Origin), tt.at, got.Detail)
			}
			if got.Origin.File != tt.path {
				t.Errorf("file is %q, want %q", got.Origin.File, tt.path)
			}
		})
	}
}

func TestFindingsAboutTheBlockPointAtIt(t *testing.T) {
	t.Parallel()
	long := "login\n" + strings.Repeat("a", 200) + "\n"
	tests := []struct {
		name, path string
		limits     file.Limits
		code       string
	}{
		{"unknown ending", "hr.xlsx", file.Limits{}, "invalid-value"},
		{"outside of the root", "../hr.csv", file.Limits{}, "link-leaves-root"},
		{"from the top of the machine", "/etc/hr.csv", file.Limits{}, "link-leaves-root"},
		{"not there", "other.csv", file.Limits{}, "unreadable-file"},
		{"a folder", "dir.csv", file.Limits{}, "unreadable-file"},
		{"too large", "hr.csv", file.Limits{Bytes: 100}, "too-large"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := block("hr.csv")
			fsys := root(b.Path, long)
			b.Path = tt.path
			if tt.path == "dir.csv" {
				fsys = root("dir.csv/x", "")
			}
			d, found := file.Read(fsys, b, tt.limits)
			if d != nil || len(found) != 1 || string(found[0].Code) != tt.code {
				t.Fatalf("got %v, %v, want one %s", d, found, tt.code)
			}
			if found[0].Origin != b.PathOrigin {
				t.Errorf("place is %v, want that of the path", found[0].Origin)
			}
		})
	}
}

func TestRenamingAColumnThatIsNotThereIsAFinding(t *testing.T) {
	t.Parallel()
	b := block("hr.csv")
	b.Columns = map[string]string{"titel": "title"}
	got := finding(t, b, "login,title\nann,x\n")
	if got.Code != "missing-column" || got.Suggestion != "title" || got.Origin != b.Origin {
		t.Errorf("got %s, suggesting %q, at %v", got.Code, got.Suggestion, got.Origin)
	}
}

func TestFindingsAreBounded(t *testing.T) {
	t.Parallel()
	content := "login,status\n" + strings.Repeat("a,x\n", 1000)
	for path, c := range map[string]string{"hr.csv": content, "hr.json": "[" + strings.Repeat(`{"login":1,"title":[]},`, 1000)} {
		if d, found := file.Read(root(path, c), block(path), file.Limits{Findings: 5}); d != nil || len(found) != 5 {
			t.Errorf("%s: got %v and %d findings, want five", path, d, len(found))
		}
	}
}

func TestDuplicateLoginShowsBothPlaces(t *testing.T) {
	t.Parallel()
	got := finding(t, block("hr.csv"), "login\nann@x\nANN@x\n")
	if len(got.Related) != 1 || at(got.Related[0].Origin) != "2:1" {
		t.Errorf("related places are %v, want line 2", got.Related)
	}
}

// pipe is a file system with one pipe to which nobody writes: to open it waits for ever.
type pipe struct{ t *testing.T }

func (p pipe) Open(name string) (fs.File, error) {
	p.t.Errorf("%s was opened", name)
	return nil, fs.ErrInvalid
}

func (p pipe) Stat(name string) (fs.FileInfo, error) {
	return fs.Stat(fstest.MapFS{name: {Mode: fs.ModeNamedPipe}}, name)
}

func TestAPipeIsNotOpened(t *testing.T) {
	t.Parallel()
	_, found := file.Read(pipe{t}, &schema.DirectoryBlock{Path: "a.csv"}, file.Limits{})
	if len(found) != 1 || !strings.Contains(found[0].Detail, "not a regular file") {
		t.Errorf("findings %v, want one that says that it is no regular file", found)
	}
}
