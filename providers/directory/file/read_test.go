package file_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rollcall-dev/rollcall/providers/directory/file"
	"github.com/rollcall-dev/rollcall/schema"
)

// block is a directory block for path, which stands in hr.hcl.
func block(path string) *schema.DirectoryBlock {
	return &schema.DirectoryBlock{
		Address: "directory.file.hr", Kind: "file", Path: path,
		Origin:     schema.Origin{File: "hr.hcl", Line: 1, Column: 1},
		PathOrigin: schema.Origin{File: "hr.hcl", Line: 2, Column: 10},
	}
}

func root(path, content string) fs.FS {
	return fstest.MapFS{path: {Data: []byte(content)}}
}

// people reads content as a good file.
func people(t *testing.T, b *schema.DirectoryBlock, content string) *schema.Directory {
	t.Helper()
	d, found := file.Read(root(b.Path, content), b, file.Limits{})
	if len(found) > 0 {
		t.Fatalf("read %q: %s: %s", content, found[0].Summary, found[0].Detail)
	}
	return d
}

// finding reads content as a bad file and returns the one thing that is wrong.
func finding(t *testing.T, b *schema.DirectoryBlock, content string) schema.Diagnostic {
	t.Helper()
	d, found := file.Read(root(b.Path, content), b, file.Limits{})
	if d != nil {
		t.Fatalf("read %q: got %d people, want none", content, len(d.People))
	}
	if len(found) != 1 {
		t.Fatalf("read %q: got %d findings, want one: %v", content, len(found), found)
	}
	return found[0]
}

const example = "id,login,status,first_name,department,team,groups\n" +
	"7,ann@acme.com,,Ann,R&D,red,Eng;Staff\n" +
	"8,Bob@acme.com,suspended,Bob,,\"red, blue\",Staff; ;Staff\r\n"

// wantExample is what every format makes of the example.
func wantExample() *schema.Directory {
	return &schema.Directory{
		Address: "directory.file.hr",
		People: []schema.User{{
			Directory: "directory.file.hr", ID: "7", Login: "ann@acme.com",
			Profile: []schema.Attribute{{Name: "first_name", Value: "Ann"}, {Name: "department", Value: "R&D"}},
			Custom:  []schema.CustomAttribute{{Name: "team", Value: "red"}},
		}, {
			Directory: "directory.file.hr", ID: "8", Login: "Bob@acme.com", Status: schema.Suspended,
			Profile: []schema.Attribute{{Name: "first_name", Value: "Bob"}},
			Custom:  []schema.CustomAttribute{{Name: "team", Value: "red, blue"}},
		}},
		Groups: []schema.DirectoryGroup{{Name: "Eng", Members: []uint32{0}}, {Name: "Staff", Members: []uint32{0, 1}}},
	}
}

func TestEveryFormatGivesTheSameDirectory(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"hr.csv": example,
		"hr.json": `[{"login": "ann@acme.com", "id": 7, "department": "R&D", "first_name": "Ann", "team": "red", "groups": ["Eng", "Staff"], "status": null},
			{"id": "8", "first_name": "Bob", "login": "Bob@acme.com", "status": "SUSPENDED", "team": "red, blue", "groups": "Staff; ;Staff"}]`,
		"hr.jsonl": `{"login": "ann@acme.com", "id": 7, "department": "R&D", "first_name": "Ann", "team": "red", "groups": ["Eng", "Staff"]}
{"id": "8", "first_name": "Bob", "login": "Bob@acme.com", "status": "SUSPENDED", "team": "red, blue", "groups": ["Staff", "", "Staff"]}
`,
		"hr.yaml": `# people
- login: ann@acme.com
  id: 7
  department: R&D
  first_name: Ann
  team: red
  groups: [Eng, Staff]
- {id: "8", first_name: Bob, login: Bob@acme.com, status: SUSPENDED, team: "red, blue", groups: Staff; ;Staff, department: null}
`,
	}
	ignore := []cmp.Option{
		cmpopts.IgnoreFields(schema.User{}, "Origin"), cmpopts.IgnoreFields(schema.DirectoryGroup{}, "Origin"),
		cmpopts.IgnoreFields(schema.Directory{}, "Digest"),
	}
	for path, content := range tests {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(people(t, block(path), content), wantExample(), ignore...); d != "" {
				t.Errorf("directory (-got +want):\n%s", d)
			}
			if d := cmp.Diff(people(t, block(path), "\uFEFF"+content), wantExample(), ignore...); d != "" {
				t.Errorf("directory with a byte order mark (-got +want):\n%s", d)
			}
		})
	}
}

func TestPeopleAndGroupsKnowTheirPlace(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ content, person, group string }{
		"hr.csv":   {"first_name,login,groups\n\nÄnn,ann,\nBob,bob,Eng\n", "3:5", "4:9"},
		"hr.json":  {"[\n{\"first_name\":\"Änn\",\"login\":\"ann\"},\n {\"login\":\"bob\",\"groups\":[\"Eng\"]}]", "2:21", "3:17"},
		"hr.jsonl": {"{\"first_name\":\"Änn\",\"login\":\"ann\"}\n{\"login\":\"bob\",\"groups\":[\"Eng\"]}", "1:21", "2:16"},
		"hr.yaml":  {"- first_name: Änn\n  login: ann\n- login: bob\n  groups: [Eng]", "2:3", "4:3"},
	}
	for path, tt := range tests {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			d := people(t, block(path), tt.content)
			if got := at(d.People[0].Origin); got != tt.person {
				t.Errorf("first person is at %s, want %s", got, tt.person)
			}
			if got := at(d.Groups[0].Origin); got != tt.group {
				t.Errorf("group is at %s, want %s", got, tt.group)
			}
			if got := d.People[0].Origin.File; got != path {
				t.Errorf("file is %q, want %q", got, path)
			}
		})
	}
}

func TestColumnsAreRenamed(t *testing.T) {
	t.Parallel()
	b := block("hr.csv")
	b.Columns = map[string]string{"E-Mail": "login", "Dept": "department"}
	d := people(t, b, "E-Mail,Dept\nann,R&D\n")
	want := []schema.User{{Directory: b.Address, Login: "ann", Profile: []schema.Attribute{{Name: "department", Value: "R&D"}}}}
	if d := cmp.Diff(d.People, want, cmpopts.IgnoreFields(schema.User{}, "Origin"), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("people (-got +want):\n%s", d)
	}
}

func TestFormatArgumentWinsOverTheEnding(t *testing.T) {
	t.Parallel()
	b := block("hr.txt")
	b.Format = "csv"
	if d := people(t, b, "login\nann\n"); len(d.People) != 1 {
		t.Errorf("got %d people, want 1", len(d.People))
	}
}

func TestCustomAttributesKeepTheirType(t *testing.T) {
	t.Parallel()
	want := []schema.CustomAttribute{
		{Name: "admin", Value: true},
		{Name: "level", Value: 3.0},
		{Name: "sites", Value: []any{"a", 1.5, map[string]any{"b": nil}}},
	}
	tests := map[string]string{
		"hr.json": `[{"login":"ann","level":3,"admin":true,"sites":["a",1.5,{"b":null}]}]`,
		"hr.yaml": "- login: ann\n  level: 3\n  admin: true\n  sites:\n    - a\n    - 1.5\n    - b:\n",
	}
	for path, content := range tests {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(people(t, block(path), content).People[0].Custom, want); d != "" {
				t.Errorf("custom attributes (-got +want):\n%s", d)
			}
		})
	}
}

func TestNumbersInAttributesAreTakenAsWritten(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"hr.json": `[{"login":"ann","employee_number":1234567890123456789012}]`,
		"hr.yaml": "- login: ann\n  employee_number: 1234567890123456789012\n",
	}
	for path, content := range tests {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			if got, _ := people(t, block(path), content).People[0].Attribute("employee_number"); got != "1234567890123456789012" {
				t.Errorf("employee_number is %q", got)
			}
		})
	}
}

func TestSameBytesGiveTheSameDigest(t *testing.T) {
	t.Parallel()
	one, same := people(t, block("hr.csv"), example), people(t, block("hr.csv"), example)
	other := people(t, block("hr.csv"), example+"9,cyd,,,,,\n")
	if one.Digest != same.Digest || one.Digest == other.Digest {
		t.Errorf("digests are %s, %s for the same and %s for other bytes", one.Digest, same.Digest, other.Digest)
	}
}

func TestFileWithoutPeopleIsADirectoryWithoutPeople(t *testing.T) {
	t.Parallel()
	for path, content := range map[string]string{"hr.csv": "login\n", "hr.json": "[]", "hr.jsonl": "", "hr.yaml": "[]"} {
		if d := people(t, block(path), content); len(d.People) != 0 {
			t.Errorf("%s: got %d people, want none", path, len(d.People))
		}
	}
}

// brokenFile fails after some bytes, as a file on a network does.
type brokenFile struct{ fs.File }

func (f brokenFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p[:min(len(p), 30)])
	return n, errors.Join(err, errors.New("connection lost"))
}

type brokenFS struct{ fs.FS }

func (b brokenFS) Open(name string) (fs.File, error) {
	f, err := b.FS.Open(name)
	return brokenFile{f}, err
}

func TestFileThatCannotBeReadToItsEndIsAnError(t *testing.T) {
	t.Parallel()
	contents := map[string]string{
		"hr.csv":   strings.Repeat("login\n", 20),
		"hr.jsonl": strings.Repeat("{\"login\":1}\n", 20),
		"hr.json":  "[" + strings.Repeat("{\"login\":1},\n", 20),
		"hr.yaml":  strings.Repeat("- login: 1\n", 20),
	}
	for path, content := range contents {
		d, found := file.Read(brokenFS{root(path, content)}, block(path), file.Limits{})
		if d != nil || len(found) != 1 || found[0].Code != "unreadable-file" {
			t.Errorf("%s: got %v, %v, want unreadable-file", path, d, found)
		}
	}
}
