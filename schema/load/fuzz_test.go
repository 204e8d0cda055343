package load

import (
	"bytes"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/rollcall-dev/rollcall/schema"
)

// addFixtures gives a fuzzer every file of the fixtures, and the hostile sources.
func addFixtures(f *testing.F) {
	f.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if isConfiguration(filepath.Base(file.Name)) {
				f.Add(file.Data)
			}
		}
	}
	for _, src := range hostile() {
		if len(src) < 4000 {
			f.Add([]byte(src))
		}
	}
}

// FuzzLoad loads anything, as native syntax and as JSON: never a panic, every
// finding complete, and twice the same.
func FuzzLoad(f *testing.F) {
	addFixtures(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		fsys := fstest.MapFS{"a.hcl": {Data: src}, "b.hcl.json": {Data: src}, "x.auto.vars": {Data: src}}
		config, _, diags := Load(fsys, Options{Limits: Limits{Operations: 20_000, TextBytes: 1 << 16}})
		for _, d := range diags {
			if d.Code == "" || d.Summary == "" || d.Detail == "" {
				t.Errorf("finding without code, summary or detail: %+v", d)
			}
		}
		again, _, diagsAgain := Load(fsys, Options{Limits: Limits{Operations: 20_000, TextBytes: 1 << 16}})
		if diff := cmp.Diff(render(diags), render(diagsAgain)); diff != "" {
			t.Errorf("findings differ from one time to the next:\n%s", diff)
		}
		if !diags.HasErrors() && dump(config) != dump(again) {
			t.Error("configurations differ from one time to the next")
		}
	})
}

// FuzzFormat formats anything that parses: the result parses, means the same,
// and is not changed by formatting it again.
func FuzzFormat(f *testing.F) {
	addFixtures(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		once, diags := Format("a.hcl", src)
		if diags.HasErrors() {
			return
		}
		twice, diags := Format("a.hcl", once)
		if diags.HasErrors() {
			t.Fatalf("the formatted file does not parse: %s", render(diags))
		}
		if !bytes.Equal(once, twice) {
			t.Errorf("formatting again changes the file:\n%s", cmp.Diff(string(once), string(twice)))
		}
		before, diags := loadFormatted(src)
		after, diagsAfter := loadFormatted(once)
		if diags.HasErrors() != diagsAfter.HasErrors() || !diags.HasErrors() && before != after {
			t.Errorf("formatting changes the meaning:\n%s%s", cmp.Diff(before, after), render(diagsAfter))
		}
	})
}

func loadFormatted(src []byte) (string, schema.Diagnostics) {
	config, _, diags := Load(fstest.MapFS{"a.hcl": {Data: src}}, Options{Limits: Limits{Operations: 20_000, TextBytes: 1 << 16}})
	return dump(config), diags
}
