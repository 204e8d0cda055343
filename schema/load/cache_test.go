package load

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/schema"
)

// outcome is all that a Load gives, as text: what is declared, every place in
// it, the findings, and what the digest says.
func outcome(fsys fstest.MapFS, cache *Cache) string {
	config, _, diags := Load(fsys, Options{Cache: cache})
	var places []string
	collect(reflect.ValueOf(*config), &places)
	return dump(config) + strings.Join(places, "\n") + "\n" + render(diags) + config.Digest
}

// collect adds every origin in v.
func collect(v reflect.Value, out *[]string) {
	if v.CanInterface() {
		if o, ok := v.Interface().(schema.Origin); ok {
			*out = append(*out, fmt.Sprint(o))
			return
		}
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			collect(v.Field(i), out)
		}
	case reflect.Slice:
		for i := range v.Len() {
			collect(v.Index(i), out)
		}
	}
}

// versions are configurations that share files: each fixture, and each without
// one of its files, so that what the others name is missing.
func versions(t testing.TB) []fstest.MapFS {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no fixtures", err)
	}
	plain := func(last string) fstest.MapFS {
		fsys := fstest.MapFS{"last.hcl": {Data: fmt.Appendf(nil,
			"group \"some\" {\n  members = [user.a1, user.%s, user.b9]\n  include_groups = [group.b, group.gone]\n}\n", last)}}
		for _, file := range []string{"a", "b"} {
			text := "group \"" + file + "\" {\n  members = [user.a2, user.b3, \"x@example.com\"]\n}\n"
			for n := range 10 {
				text += fmt.Sprintf("user \"%s%d\" {\n  login = \"%[1]s%[2]d@example.com\"\n  title = \"T\"\n}\n", file, n)
			}
			fsys[file+".hcl"] = &fstest.MapFile{Data: []byte(text)}
		}
		return fsys
	}
	// Of the plain people, some who are named are gone in the last.
	all := []fstest.MapFS{plain("a2"), plain("gone"), plain("a2")}
	delete(all[2], "b.hcl")
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for without := -1; without < len(archive.Files); without++ {
			fsys := fstest.MapFS{}
			for i, f := range archive.Files {
				if i != without {
					fsys[f.Name] = &fstest.MapFile{Data: f.Data}
				}
			}
			all = append(all, fsys)
		}
	}
	return all
}

func TestCacheChangesNothingInTheConfigurationsThatShareIt(t *testing.T) {
	t.Parallel()
	all := versions(t)
	want := make([]string, len(all))
	for i, fsys := range all {
		want[i] = outcome(fsys, nil)
	}
	rapid.Check(t, func(rt *rapid.T) {
		cache := &Cache{}
		of := rapid.OneOf(rapid.IntRange(0, 2), rapid.IntRange(0, len(all)-1))
		for _, i := range rapid.SliceOfN(of, 2, 4).Draw(rt, "loads") {
			if got := outcome(all[i], cache); got != want[i] {
				rt.Fatalf("load %d differs with a cache:\n%s\nwant:\n%s", i, got, want[i])
			}
		}
	})
}

func TestCacheServesLoadsAtTheSameTime(t *testing.T) {
	t.Parallel()
	all := versions(t)
	cache := &Cache{}
	var wait sync.WaitGroup
	for round := range 2 {
		for i := range all {
			wait.Go(func() {
				fsys := all[(i+round)%len(all)]
				if got, want := outcome(fsys, cache), outcome(fsys, nil); got != want {
					t.Errorf("load %d differs with a cache:\n%s\nwant:\n%s", i, got, want)
				}
			})
		}
	}
	wait.Wait()
}

func TestFilesThatDidNotChangeAreParsedOnce(t *testing.T) {
	t.Parallel()
	fsys, _ := people(20_000)
	cache := &Cache{}
	for range 2 {
		if _, _, diags := Load(fsys, Options{Cache: cache}); diags.HasErrors() {
			t.Fatal(render(diags))
		}
	}
	if got := cache.Parsed(); got != len(fsys) {
		t.Errorf("%d files were parsed, want %d", got, len(fsys))
	}
	fsys["people0003.hcl"] = &fstest.MapFile{Data: append([]byte("# a comment\n"), fsys["people0003.hcl"].Data...)}
	config, _, _ := Load(fsys, Options{Cache: cache})
	if got := cache.Parsed(); got != len(fsys)+1 {
		t.Errorf("with one changed, %d files were parsed, want %d", got, len(fsys)+1)
	}
	if got := config.Users[3000].Origin.Line; got != 2 {
		t.Errorf("the changed file's first person is on line %d, want 2", got)
	}
	// Limits are part of what was read: a stricter load must refuse.
	_, _, diags := Load(fsys, Options{Cache: cache, Limits: Limits{FileBytes: 1000}})
	if !diags.HasErrors() {
		t.Error("a file over the limit was taken from the cache")
	}
}

// namedFS names the contents of its files, and counts how often it gives one.
type namedFS struct {
	fstest.MapFS
	store  string
	opened map[string]int
}

func (n namedFS) ContentName(file string) string {
	if n.store == "" || n.MapFS[file] == nil {
		return ""
	}
	return fmt.Sprintf("%s %q", n.store, n.MapFS[file].Data)
}

func (n namedFS) Open(file string) (fs.File, error) {
	n.opened[file]++
	return n.MapFS.Open(file)
}

func TestContentOfOneNameIsReadOnce(t *testing.T) {
	t.Parallel()
	const user = "user \"ann\" {\n  login = \"ann@example.com\"\n}\n"
	files := fstest.MapFS{"a.hcl": {Data: []byte(user)}, "b.hcl": {Data: []byte("# one\n")}}
	tests := map[string]struct {
		store  string
		limits Limits
		want   int
	}{
		"the same store":  {"s", Limits{}, 0},
		"another store":   {"t", Limits{}, 1},
		"without names":   {"", Limits{}, 1},
		"a smaller limit": {"s", Limits{FileBytes: 7}, 0}, // it is refused by its size
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cache := &Cache{}
			first, _, _ := Load(namedFS{files, "s", map[string]int{}}, Options{Cache: cache})
			again := namedFS{fstest.MapFS{"a.hcl": files["a.hcl"], "b.hcl": {Data: []byte("# two\n")}}, test.store, map[string]int{}}
			config, sources, diags := Load(again, Options{Cache: cache, Limits: test.limits})
			if got := min(again.opened["a.hcl"], 1); got != test.want || again.opened["b.hcl"] == 0 {
				t.Errorf("opened %v", again.opened)
			}
			if test.limits.FileBytes > 0 {
				if !diags.HasErrors() {
					t.Error("a file over the limit was taken from the cache")
				}
				return
			}
			if got := string(sources["a.hcl"]) + string(sources["b.hcl"]); got != user+"# two\n" {
				t.Errorf("sources: got %q", got)
			}
			if len(config.Users) != 1 || config.Digest == first.Digest || config.Files[0] != first.Files[0] {
				t.Errorf("got %d people, digest %s, files %v", len(config.Users), config.Digest, config.Files)
			}
		})
	}
}
