package gitrepo

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// gitIn runs git in a folder and returns what it prints.
func gitIn(t testing.TB, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// writeIn writes files, given as names and contents in turn.
func writeIn(t testing.TB, dir string, files ...string) {
	t.Helper()
	for i := 0; i < len(files); i += 2 {
		name := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// manyObjects makes a repository with a history of large files that change a
// little, so that git packs differences to differences.
func manyObjects(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	gitIn(t, dir, "init", "-q", "-b", "main")
	random := rand.New(rand.NewPCG(1, 2))
	lines := make([]string, 400)
	for i := range lines {
		lines[i] = fmt.Sprintf("user %d %x", i, random.Uint64())
	}
	for n := range 25 {
		for range 3 {
			lines[random.IntN(len(lines))] = fmt.Sprintf("changed in %d: %x", n, random.Uint64())
		}
		text := strings.Join(lines, "\n")
		writeIn(t, dir, "people.hcl", text, fmt.Sprintf("teams/t%d.hcl", n%5), text[:len(text)/(1+n%3)], "empty.hcl", "")
		gitIn(t, dir, "add", ".")
		gitIn(t, dir, "commit", "-q", "-m", fmt.Sprintf("change %d", n))
	}
	gitIn(t, dir, "tag", "-a", "-m", "a tag", "v1")
	return dir
}

// gitObject is an object as git says that it is.
type gitObject struct {
	kind    string
	content string
}

// objectsOf asks git for all objects that it knows in a repository.
func objectsOf(t *testing.T, dir string) map[plumbing.Hash]gitObject {
	t.Helper()
	out := map[plumbing.Hash]gitObject{}
	rest := gitIn(t, dir, "cat-file", "--batch-all-objects", "--batch")
	for rest != "" {
		head, body, _ := strings.Cut(rest, "\n")
		var id, kind string
		var size int
		if _, err := fmt.Sscanf(head, "%s %s %d", &id, &kind, &size); err != nil {
			t.Fatalf("%q: %v", head, err)
		}
		out[plumbing.NewHash(id)] = gitObject{kind, body[:size]}
		rest = strings.TrimPrefix(body[size:], "\n")
	}
	return out
}

func TestEveryObjectIsWhatGitSaysHoweverItIsKept(t *testing.T) {
	t.Parallel()
	for name, keep := range map[string]func(t *testing.T, dir string) string{
		"loose": func(_ *testing.T, dir string) string { return dir },
		"in one pack": func(t *testing.T, dir string) string {
			gitIn(t, dir, "repack", "-q", "-adF", "--depth=250", "--window=50")
			return dir
		},
		"in many packs, and loose": func(t *testing.T, dir string) string {
			gitIn(t, dir, "repack", "-q", "-d")
			for n := range 3 {
				writeIn(t, dir, "more.hcl", strings.Repeat(fmt.Sprintf("more %d\n", n), 500))
				gitIn(t, dir, "add", ".")
				gitIn(t, dir, "commit", "-q", "-m", "more")
				if n < 2 {
					gitIn(t, dir, "repack", "-q", "-d")
				}
			}
			return dir
		},
		"with bases by their names": func(t *testing.T, dir string) string {
			gitIn(t, dir, "-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-adF")
			return dir
		},
		"with an index of large offsets": func(t *testing.T, dir string) string {
			gitIn(t, dir, "-c", "pack.indexVersion=2", "repack", "-q", "-adF")
			packs, err := filepath.Glob(filepath.Join(dir, ".git/objects/pack/*.pack"))
			if err != nil || len(packs) != 1 {
				t.Fatal(packs, err)
			}
			index := strings.TrimSuffix(packs[0], ".pack") + ".idx"
			if err := os.Remove(index); err != nil {
				t.Fatal(err)
			}
			gitIn(t, dir, "index-pack", "--index-version=2,0x40", "-o", index, packs[0])
			return dir
		},
		"borrowed": func(t *testing.T, dir string) string {
			gitIn(t, dir, "repack", "-q", "-adF")
			clone := filepath.Join(t.TempDir(), "clone")
			gitIn(t, dir, "clone", "-q", "--shared", dir, clone)
			return clone
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := keep(t, manyObjects(t))
			at, err := locate(dir)
			if err != nil {
				t.Fatal(err)
			}
			s, err := at.storage(1 << 20)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			all := objectsOf(t, dir)
			if len(all) < 100 {
				t.Fatalf("%d objects", len(all))
			}
			for id, want := range all {
				sameObject(t, s, id, want)
			}
			if o, err := s.EncodedObject(plumbing.AnyObject, plumbing.NewHash(strings.Repeat("ab", 20))); o != nil || err == nil {
				t.Errorf("an object that is not there: %v, %v", o, err)
			}
		})
	}
}

func sameObject(t *testing.T, s storage, id plumbing.Hash, want gitObject) {
	t.Helper()
	size, err := s.EncodedObjectSize(id)
	if err != nil || size != int64(len(want.content)) {
		t.Errorf("%s has the size %d, %v, want %d", id, size, err, len(want.content))
	}
	o, err := s.EncodedObject(plumbing.AnyObject, id)
	if err != nil {
		t.Errorf("%s: %v", id, err)
		return
	}
	r, err := o.Reader()
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil || string(content) != want.content || o.Type().String() != want.kind || o.Hash() != id {
		t.Errorf("%s is a %s of %d bytes (%v), want a %s of %d", id, o.Type(), len(content), err, want.kind, len(want.content))
	}
}

func FuzzPackIsReadAsItIsOrRefused(f *testing.F) {
	dir := f.TempDir()
	// One whole pack, of three objects of which one is a difference, is altered.
	index, pack, want := packOfThree(f, dir)
	f.Add(0, byte(0), false)
	f.Fuzz(func(t *testing.T, at int, with byte, inIndex bool) {
		files := map[string][]byte{"p.idx": bytes.Clone(index), "p.pack": bytes.Clone(pack)}
		name := "p.pack"
		if inIndex {
			name = "p.idx"
		}
		files[name][uint(at)%uint(len(files[name]))] ^= with
		folder := t.TempDir()
		for name, content := range files {
			if err := os.MkdirAll(filepath.Join(folder, "pack"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, "pack", name), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		d := &depot{folder: folder}
		defer d.close()
		for id, content := range want {
			o, err := d.unpack(id)
			if o == nil || err != nil {
				continue
			}
			r, err := o.Reader()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(r); err != nil || string(got) != content {
				t.Errorf("%s is %q, %v, want %q", id, got, err, content)
			}
		}
	})
}

// packOfThree lets git pack three objects.
func packOfThree(f *testing.F, dir string) (index, pack []byte, want map[plumbing.Hash]string) {
	f.Helper()
	gitIn(f, dir, "init", "-q")
	text := strings.Repeat("user \"ann\" { login = \"ann@example.com\" }\n", 40)
	want = map[plumbing.Hash]string{}
	for _, content := range []string{text, text + "more\n", "other\n"} {
		writeIn(f, dir, "f", content)
		want[plumbing.NewHash(strings.TrimSpace(gitIn(f, dir, "hash-object", "-w", "f")))] = content
		gitIn(f, dir, "add", "f")
		gitIn(f, dir, "commit", "-q", "-m", "c")
	}
	gitIn(f, dir, "repack", "-q", "-adF")
	for ending, to := range map[string]*[]byte{"idx": &index, "pack": &pack} {
		found, err := filepath.Glob(filepath.Join(dir, ".git/objects/pack/*."+ending))
		if err != nil || len(found) != 1 {
			f.Fatal(found, err)
		}
		if *to, err = os.ReadFile(found[0]); err != nil {
			f.Fatal(err)
		}
	}
	return index, pack, want
}
