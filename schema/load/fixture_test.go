package load

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// TestFixtures loads the files of each archive and compares the configuration
// and the findings with what the archive says. UPDATE=1 writes them anew.
func TestFixtures(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			checkFixture(t, path)
		})
	}
}

func checkFixture(t *testing.T, path string) {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := fixtureResults(archive)
	if os.Getenv("UPDATE") != "" {
		updateFixture(t, path, archive, got)
		return
	}
	want := map[string]string{}
	for _, f := range archive.Files {
		if _, ok := got[f.Name]; ok {
			want[f.Name] = string(f.Data)
		}
	}
	for name, text := range got {
		if diff := cmp.Diff(want[name], text); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// fixtureResults loads an archive. Its files named env/NAME are the environment,
// var/NAME the values of -var, varfile/NAME the files of -var-file.
func fixtureResults(archive *txtar.Archive) map[string]string {
	fsys := fstest.MapFS{}
	opts := Options{Vars: map[string]string{}, Version: "0.3.0"}
	env := map[string]string{}
	for _, f := range archive.Files {
		kind, name, _ := strings.Cut(f.Name, "/")
		switch text := strings.TrimSuffix(string(f.Data), "\n"); kind {
		case "env":
			env[name] = text
		case "var":
			opts.Vars[name] = text
		case "varfile":
			opts.VarFiles = append(opts.VarFiles, NamedSource{f.Name, f.Data})
		case "config", "findings":
		default:
			fsys[f.Name] = &fstest.MapFile{Data: f.Data}
		}
	}
	opts.Environ = func(name string) (string, bool) { text, ok := env[name]; return text, ok }
	config, _, diags := Load(fsys, opts)
	results := map[string]string{"findings": render(diags)}
	if !diags.HasErrors() {
		results["config"] = dump(config)
	}
	return results
}

func updateFixture(t *testing.T, path string, archive *txtar.Archive, got map[string]string) {
	t.Helper()
	kept := archive.Files[:0]
	for _, f := range archive.Files {
		if f.Name != "config" && f.Name != "findings" {
			kept = append(kept, f)
		}
	}
	archive.Files = kept
	for _, name := range []string{"config", "findings"} {
		if text, ok := got[name]; ok {
			archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(text)})
		}
	}
	if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
		t.Fatal(err)
	}
}
