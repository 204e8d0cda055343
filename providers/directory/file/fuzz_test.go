package file

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/schema"
)

// sound checks what holds of whatever Read gives for content.
func sound(t *testing.T, path string, content []byte) {
	t.Helper()
	block := &schema.DirectoryBlock{Address: "directory.file.hr", Path: path, PathOrigin: schema.Origin{File: "hr.hcl", Line: 1}}
	d, found := Read(fstest.MapFS{path: {Data: content}}, block, Limits{})
	if (d == nil) != found.HasErrors() {
		t.Fatalf("got a directory: %t, and findings %v", d != nil, found)
	}
	for _, f := range found {
		if f.Detail == "" || f.Summary == "" || f.Code == "" || !f.Origin.Known() {
			t.Errorf("finding says too little: %+v", f)
		}
		if !utf8.ValidString(f.Detail) {
			t.Errorf("detail is not UTF-8: %q", f.Detail)
		}
	}
	if d != nil {
		soundPeople(t, d, bytes.Count(content, []byte("\n"))+1)
	}
}

func soundPeople(t *testing.T, d *schema.Directory, lines int) {
	t.Helper()
	logins := map[string]bool{}
	for _, u := range d.People {
		if folded := schema.Fold(u.Login); folded == "" || logins[folded] {
			t.Errorf("login %q is empty or there twice", u.Login)
		}
		logins[schema.Fold(u.Login)] = true
		if u.Origin.Line == 0 || int(u.Origin.Line) > lines {
			t.Errorf("%q stands at line %d of %d", u.Login, u.Origin.Line, lines)
		}
	}
	for _, g := range d.Groups {
		sorted := slices.IsSorted(g.Members) && len(slices.Compact(slices.Clone(g.Members))) == len(g.Members)
		if len(g.Members) == 0 || !sorted || int(g.Members[len(g.Members)-1]) >= len(d.People) {
			t.Errorf("group %q has members %v of %d people", g.Name, g.Members, len(d.People))
		}
	}
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{
		"login\nann\n", "login,groups\nann,a;b\nbob,\"b;\"\"c\"\r\n", "id,login,x\n1,\"a\nb\",2\n", "login\n\"", "\uFEFFlogin\nä\xff",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) { sound(t, "hr.csv", content) })
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{`[{"login":"ann","groups":["a"]}]`, `[{"login":1,"x":{"y":[null]}}]`, `[`, `[{"login":"\ud800"}]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		sound(t, "hr.json", content)
		sound(t, "hr.jsonl", content)
	})
}

func FuzzYAML(f *testing.F) {
	for _, s := range []string{"- login: ann\n  groups: [a, b]\n", "- {login: 1, x: {y: [~]}}", "- ? a\n  : b", "- login: |\n    ann\n", "- login: &a b\n- login: *a"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) { sound(t, "hr.yaml", content) })
}

// FuzzRecords holds the CSV scanner to encoding/csv: the same records, or both
// refuse.
func FuzzRecords(f *testing.F) {
	for _, s := range []string{"a,b\nc\n", "\"a\"\"\n,\",b\r\n\r\nc", "a\"b", "\"a\"b", "\"", ",\n,", "a\r\r\n\"x\r\n\"", "\r"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		want, wantErr := standard(content)
		got, gotErr := ours(content)
		if (gotErr != nil) != (wantErr != nil) {
			t.Fatalf("got error %v, encoding/csv has %v", gotErr, wantErr)
		}
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Fatalf("got %q, encoding/csv has %q", got, want)
		}
	})
}

func standard(content []byte) ([][]string, error) {
	r := csv.NewReader(bytes.NewReader(content))
	r.FieldsPerRecord = -1
	var out [][]string
	for {
		record, err := r.Read()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, record)
	}
}

func ours(content []byte) ([][]string, error) {
	r := newRecords(bytes.NewReader(content))
	var out [][]string
	for {
		fields, err := r.next()
		if err == io.EOF {
			return out, nil
		}
		var bad *malformed
		if errors.As(err, &bad) && bad.at.line > r.line {
			return out, errors.New("a place behind what was read")
		}
		if err != nil {
			return out, err
		}
		record := make([]string, len(fields))
		for i, f := range fields {
			record[i] = string(f.text)
		}
		out = append(out, record)
	}
}
