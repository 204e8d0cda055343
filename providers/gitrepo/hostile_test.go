package gitrepo_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/rollcall-dev/rollcall/providers/gitrepo"
)

// mostAllocated is what refusing a hostile repository may allocate, all together.
const mostAllocated = 64 << 20

// look reads acme/main.hcl at a revision and asks for all else that a run asks
// of a repository. The error is of whatever failed first.
func look(dir, rev string) (content string, err error) {
	acme := filepath.Join(dir, "acme")
	r, err := gitrepo.Open(acme, rev)
	if err != nil {
		return "", err
	}
	defer r.Close() //nolint:errcheck // nothing was written
	if _, err := fs.ReadDir(r.FS(), "."); err != nil {
		return "", err
	}
	b, err := fs.ReadFile(r.FS(), "main.hcl")
	if err != nil {
		return "", err
	}
	_, err = r.Blame([]gitrepo.Line{{File: "main.hcl", Number: 1}}, nil, gitrepo.Limits{})
	_, _, described := gitrepo.Describe(acme, nil)
	return string(b), errors.Join(err, described)
}

// good is what main.hcl says where nothing is wrong with it.
const good = "user \"ann\" {}\n"

// ordinary is a repository with nothing odd about it, and the id of main.hcl.
func ordinary(t *testing.T) (f *forged, blob plumbing.Hash) {
	t.Helper()
	f = forge(t)
	blob = f.object("blob", []byte(good))
	f.folder(f.tree(item{"100644", "main.hcl", blob}))
	if err := os.MkdirAll(filepath.Join(f.dir, "acme"), 0o755); err != nil {
		t.Fatal(err)
	}
	return f, blob
}

// main has main.hcl be the object of an id.
func (f *forged) main(id plumbing.Hash) { f.folder(f.tree(item{"100644", "main.hcl", id})) }

// without takes the file of an object away.
func (f *forged) without(id plumbing.Hash) {
	f.t.Helper()
	if err := os.Remove(filepath.Join(f.dir, ".git", "objects", id.String()[:2], id.String()[2:])); err != nil {
		f.t.Fatal(err)
	}
}

// insert is a difference that makes text of whatever is there, of a size.
func insert(size int64, text string) []byte {
	return append(append(append(varint(size), varint(int64(len(text)))...), byte(len(text))), text...)
}

// copying is a difference that changes nothing, of a size below 16 MiB.
func copying(size int64) []byte {
	return append(append(varint(size), varint(size)...), 0xf0, byte(size), byte(size>>8), byte(size>>16))
}

var zeros = make([]byte, 100<<20)

// hostileObjects are what objects may be like. want is what reading says: an
// error with that in it, or the good content.
var hostileObjects = map[string]struct {
	make func(f *forged, blob plumbing.Hash)
	want string
}{
	"a file that says it is of 2 GiB": {func(f *forged, _ plumbing.Hash) {
		f.loose(numbered(1), []byte("blob 2147483648\x00x"))
		f.main(numbered(1))
	}, "larger than 1024 MiB"},
	"a file that is larger than it says": {func(f *forged, _ plumbing.Hash) {
		f.loose(numbered(1), append([]byte("blob 3\x00"), zeros...))
		f.main(numbered(1))
	}, "git fsck"},
	"a file that is smaller than it says": {func(f *forged, _ plumbing.Hash) {
		f.loose(numbered(1), []byte("blob 300\x00x"))
		f.main(numbered(1))
	}, "git fsck"},
	"a file whose header does not end": {func(f *forged, _ plumbing.Hash) {
		f.loose(numbered(1), []byte("blob "+strings.Repeat("0", 50<<20)))
		f.main(numbered(1))
	}, "git fsck"},
	"a file of a negative size": {func(f *forged, _ plumbing.Hash) {
		f.loose(numbered(1), []byte("blob -3\x00x"))
		f.main(numbered(1))
	}, "git fsck"},
	"a file with the id of another": {func(f *forged, blob plumbing.Hash) {
		f.loose(blob, []byte("blob 3\x00bad"))
	}, "git fsck"},
	"a file that is no object": {func(f *forged, blob plumbing.Hash) {
		f.note("objects/"+blob.String()[:2]+"/"+blob.String()[2:], "not deflated")
	}, "git fsck"},
	"a folder that says it is of 1 GiB": {func(f *forged, _ plumbing.Hash) {
		f.loose(numbered(1), []byte("tree 1073741824\x00x"))
		f.folder(numbered(1))
	}, "larger than"},
	"a packed file that says it is of 2 GiB": {func(f *forged, _ plumbing.Hash) {
		f.pack(func(int64, int64) packed {
			return packed{id: numbered(1), kind: plumbing.BlobObject, size: 2 << 30, deflate: deflated([]byte("x"))}
		})
		f.main(numbered(1))
	}, "larger than 1024 MiB"},
	"a packed file that is larger than it says": {func(f *forged, _ plumbing.Hash) {
		f.pack(func(int64, int64) packed {
			return packed{id: numbered(1), kind: plumbing.BlobObject, size: 3, deflate: deflated(zeros)}
		})
		f.main(numbered(1))
	}, "git fsck"},
	"a small difference to 2 GiB": {func(f *forged, _ plumbing.Hash) {
		f.pack(func(int64, int64) packed {
			return packed{id: numbered(1), kind: plumbing.BlobObject, size: 2 << 30, deflate: deflated(zeros)}
		}, delta(numbered(2), insert(2<<30, good)))
		f.main(numbered(2))
	}, "too much to unpack"},
	"a difference of 2 GiB": {func(f *forged, _ plumbing.Hash) {
		f.pack(whole(plumbing.BlobObject, numbered(1), []byte("x")), func(at, before int64) packed {
			return packed{id: numbered(2), kind: plumbing.OFSDeltaObject, size: 2 << 30, base: back(at - before), deflate: deflated(insert(1, good))}
		})
		f.main(numbered(2))
	}, "too much to unpack"},
	"a difference that makes 2 GiB": {func(f *forged, _ plumbing.Hash) {
		f.pack(whole(plumbing.BlobObject, numbered(1), []byte("x")), delta(numbered(2), append(varint(1), varint(2<<30)...)))
		f.main(numbered(2))
	}, "larger than 1024 MiB"},
	"a difference that makes more than there can be": {func(f *forged, _ plumbing.Hash) {
		f.pack(whole(plumbing.BlobObject, numbered(1), []byte("x")), delta(numbered(2), []byte("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")))
		f.main(numbered(2))
	}, "git fsck"},
	"forty differences, each to 2 MiB": {func(f *forged, _ plumbing.Hash) {
		f.without(blobID([]byte(good)))
		f.pack(append(chain(40, zeros[:2<<20]), delta(blobID([]byte(good)), insert(2<<20, good)))...)
	}, "too much to unpack"},
	"two hundred thousand differences to each other": {func(f *forged, _ plumbing.Hash) {
		f.pack(chain(200_000, []byte(good+"\n"))...)
		f.main(blobID([]byte(good + "\n")))
	}, "too much to unpack"},
	"fifty differences": {func(f *forged, _ plumbing.Hash) {
		f.without(blobID([]byte(good)))
		f.pack(chain(50, []byte(good))...)
		f.main(blobID([]byte(good)))
	}, good},
	"differences to each other in a circle": {func(f *forged, _ plumbing.Hash) {
		f.pack(named(numbered(1), numbered(2), insert(1, good)), named(numbered(2), numbered(1), insert(1, good)))
		f.main(numbered(1))
	}, "too much to unpack"},
	"a difference to itself": {func(f *forged, _ plumbing.Hash) {
		f.pack(named(numbered(1), numbered(1), insert(1, good)))
		f.main(numbered(1))
	}, "too much to unpack"},
	"a difference to what is not there": {func(f *forged, _ plumbing.Hash) {
		f.pack(named(numbered(1), numbered(2), insert(1, good)))
		f.main(numbered(1))
	}, "git fsck"},
	"a difference to before the beginning": {func(f *forged, _ plumbing.Hash) {
		f.pack(func(int64, int64) packed {
			return packed{id: numbered(1), kind: plumbing.OFSDeltaObject, size: 3, base: back(1 << 40), deflate: deflated(insert(1, good))}
		})
		f.main(numbered(1))
	}, "git fsck"},
	"an object of no kind": {func(f *forged, _ plumbing.Hash) {
		f.pack(whole(5, numbered(1), []byte("x")))
		f.main(numbered(1))
	}, "git fsck"},
	"an index that has four billion objects": {func(f *forged, _ plumbing.Hash) {
		f.pack(whole(plumbing.BlobObject, numbered(1), []byte("x")))
		f.spoilIndex(func(b []byte) []byte { return append(append(b[:8:8], strings.Repeat("\xff", 1024)...), b[1032:]...) })
	}, "git fsck"},
	"an index that is cut": {func(f *forged, _ plumbing.Hash) {
		f.pack(whole(plumbing.BlobObject, numbered(1), []byte("x")))
		f.spoilIndex(func(b []byte) []byte { return b[:1040] })
	}, "git fsck"},
	"an index that leads out of its pack": {func(f *forged, _ plumbing.Hash) {
		f.pack(whole(plumbing.BlobObject, numbered(1), []byte("x")))
		f.spoilIndex(func(b []byte) []byte { copy(b[1032+24:], "\x7f\xff\xff\xff"); return b })
		f.main(numbered(1))
	}, "git fsck"},
	"an index of nothing": {func(f *forged, _ plumbing.Hash) {
		f.note("objects/pack/pack-1.idx", "")
		f.note("objects/pack/pack-1.pack", "")
	}, "git fsck"},
	"an index without its pack": {func(f *forged, _ plumbing.Hash) {
		f.note("objects/pack/pack-1.idx", "x")
	}, good},
	"folders in themselves": {func(f *forged, blob plumbing.Hash) {
		f.loose(numbered(1), append([]byte("tree 31\x00"), treeOf(item{"40000", "a", numbered(1)})...))
		f.folder(f.tree(item{"40000", "a", numbered(1)}, item{"100644", "main.hcl", blob}))
	}, "git fsck"},
	"a tag of itself": {func(f *forged, _ plumbing.Hash) {
		text := fmt.Sprintf("object %s\ntype tag\ntag x\ntagger %s\n\nx\n", numbered(1), signed)
		f.pack(whole(plumbing.TagObject, numbered(1), []byte(text)))
		f.note("refs/heads/main", numbered(1).String())
	}, "git fsck"},
	"tags of tags": {func(f *forged, _ plumbing.Hash) {
		id := f.commit(f.tree(), signed, "x")
		for kind := "commit"; !f.t.Failed() && len(f.tags) < 200; kind = "tag" {
			id = f.object("tag", fmt.Appendf(nil, "object %s\ntype %s\ntag x\ntagger %s\n\nx\n", id, kind, signed))
			f.tags = append(f.tags, id)
		}
		f.note("refs/heads/main", id.String())
	}, "in a row"},
}

// chain are n objects, each of which has the content of the one before it; the
// last is numbered(n).
func chain(n int, content []byte) []func(at, before int64) packed {
	all := []func(at, before int64) packed{whole(plumbing.BlobObject, numbered(0), content)}
	same := copying(int64(len(content)))
	deflated := deflated(same)
	for i := range n {
		all = append(all, func(at, before int64) packed {
			id := numbered(i + 1)
			if i == n-1 {
				id = blobID(content)
			}
			return packed{id: id, kind: plumbing.OFSDeltaObject, size: int64(len(same)), base: back(at - before), deflate: deflated}
		})
	}
	return all
}

// spoilIndex changes the index of the only pack.
func (f *forged) spoilIndex(with func([]byte) []byte) {
	f.t.Helper()
	names, err := filepath.Glob(filepath.Join(f.dir, ".git", "objects", "pack", "*.idx"))
	if err != nil || len(names) != 1 {
		f.t.Fatal(names, err)
	}
	content, err := os.ReadFile(names[0])
	if err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(names[0], with(content), 0o644); err != nil {
		f.t.Fatal(err)
	}
}

// TestHostileObjectsAreRefusedBeforeTheyAreUnpacked runs by itself: it measures
// what is allocated.
func TestHostileObjectsAreRefusedBeforeTheyAreUnpacked(t *testing.T) {
	for name, tt := range hostileObjects {
		t.Run(name, func(t *testing.T) {
			f, blob := ordinary(t)
			tt.make(f, blob)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			content, err := look(f.dir, "HEAD")
			runtime.ReadMemStats(&after)
			wantLook(t, content, err, tt.want)
			if got := after.TotalAlloc - before.TotalAlloc; got > mostAllocated {
				t.Errorf("%d MiB were allocated, want at most %d", got>>20, mostAllocated>>20)
			}
		})
	}
}

// wantLook fails unless the good content was read, or an error has the text.
func wantLook(t *testing.T, content string, err error, want string) {
	t.Helper()
	switch {
	case want == good && (err != nil || content != good):
		t.Errorf("got %q, %v", content, err)
	case want != good && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("got %.99q, %v, want an error with %q", content, err, want)
	}
}

// mkfifo makes a pipe in the repository, which whoever opens waits at.
func (f *forged) mkfifo(name string) {
	f.t.Helper()
	path := filepath.Join(f.dir, ".git", filepath.FromSlash(name))
	_ = os.Remove(path)
	if err := pipe(path); err != nil {
		f.t.Fatal(err)
	}
}

// hostilePlaces are what is around the objects of a repository.
var hostilePlaces = map[string]struct {
	make func(f *forged)
	want string
}{
	"objects borrowed from itself": {func(f *forged) {
		f.note("objects/info/alternates", filepath.Join(f.dir, ".git", "objects")+"\n")
		f.main(numbered(1))
	}, "partial clone"},
	"objects borrowed in a circle": {func(f *forged) {
		other := forge(f.t)
		f.note("objects/info/alternates", filepath.Join(other.dir, ".git", "objects")+"\n")
		other.note("objects/info/alternates", filepath.Join(f.dir, ".git", "objects")+"\n")
		f.main(numbered(1))
	}, "partial clone"},
	"objects borrowed by a path of many steps up": {func(f *forged) {
		other := forge(f.t)
		f.main(other.object("blob", []byte(good)))
		f.without(blobID([]byte(good)))
		to, err := filepath.Rel(filepath.Join(f.dir, ".git", "objects"), filepath.Join(other.dir, ".git", "objects"))
		if err != nil {
			f.t.Fatal(err)
		}
		f.note("objects/info/alternates", "# a remark\n../../nothing/here\n"+filepath.ToSlash(to)+"\n")
	}, good},
	"objects borrowed from whoever borrows, four times":  {func(f *forged) { f.borrowing(4) }, good},
	"objects borrowed from whoever borrows, sixty times": {func(f *forged) { f.borrowing(60) }, "partial clone"},
	"objects borrowed from everywhere": {func(f *forged) {
		f.note("objects/info/alternates", strings.Repeat("/\n", 100_000))
	}, "more than 100 other repositories"},
	"objects borrowed from what holds none": {func(f *forged) {
		f.note("objects/info/alternates", "/\n/etc/passwd\n/dev/zero\n/dev/null\n\x00\n"+f.dir+"\n")
	}, good},
	"a HEAD that leads back to itself": {func(f *forged) { f.note("HEAD", "ref: HEAD\n") }, "HEAD"},
	"branches that lead to each other": {func(f *forged) {
		f.note("refs/heads/main", "ref: refs/heads/other\n")
		f.note("refs/heads/other", "ref: refs/heads/main\n")
	}, "HEAD"},
	"a branch outside of the repository": {func(f *forged) {
		f.note("HEAD", "ref: ../../../../../../etc/passwd\n")
	}, "HEAD"},
	"a HEAD of nothing":  {func(f *forged) { f.note("HEAD", "") }, "HEAD"},
	"a HEAD of anything": {func(f *forged) { f.note("HEAD", strings.Repeat("\x00\xff", 1<<20)) }, "HEAD"},
	"branches of strange names": {func(f *forged) {
		for _, name := range []string{"-x", "a b", "x.lock", "\x1b[2J", "\u202egpj", "@{1}", "..."} {
			f.note("refs/heads/"+name, strings.Repeat("0", 40)+"\n")
		}
	}, good},
	"half a million packed branches": {func(f *forged) {
		var b strings.Builder
		for i := range 500_000 {
			fmt.Fprintf(&b, "%s refs/heads/b%d\n", numbered(i), i)
		}
		f.note("packed-refs", b.String())
	}, good},
	"packed branches that are none": {func(f *forged) { f.note("packed-refs", "^\n \nx y z\n"+strings.Repeat("x", 1<<20)) }, ""},
	"programs, and files elsewhere, in the configuration": {func(f *forged) {
		mark := filepath.Join(f.dir, "ran")
		f.note("run", "#!/bin/sh\ntouch "+mark+"\n")
		program := filepath.Join(f.dir, ".git", "run")
		if err := os.Chmod(program, 0o755); err != nil {
			f.t.Fatal(err)
		}
		for _, hook := range []string{"post-checkout", "reference-transaction", "post-index-change"} {
			f.note("hooks/"+hook, "#!/bin/sh\ntouch "+mark+"\n")
		}
		f.note("config", "[core]\nrepositoryformatversion = 0\nbare = false\nworktree = /etc\nfsmonitor = "+program+"\nhooksPath = hooks\n"+
			"sshCommand = "+program+"\npager = "+program+"\neditor = "+program+"\nattributesFile = /dev/zero\nexcludesFile = /dev/zero\n"+
			"[include]\npath = /dev/zero\n[includeIf \"gitdir:/\"]\npath = /dev/zero\n"+
			"[filter \"x\"]\nclean = "+program+"\nsmudge = "+program+"\nprocess = "+program+"\nrequired = true\n"+
			"[diff \"x\"]\ntextconv = "+program+"\ncommand = "+program+"\n[alias]\nlog = !"+program+"\n[credential]\nhelper = "+program+"\n")
		f.note("info/attributes", "* filter=x diff=x\n")
	}, good},
	"a configuration of a million sections": {func(f *forged) {
		f.note("config", strings.Repeat("[a]\n[b]\n", 500_000))
	}, "more than 10000 sections"},
	"a configuration that cannot be read": {func(f *forged) { f.note("config", "[core\n\x00") }, "configuration of the repository"},
	"an extension that nobody knows": {func(f *forged) {
		f.note("config", "[core]\nrepositoryformatversion = 1\n[extensions]\nrefStorage = reftable\n")
	}, "extension"},
	"an index that is none":           {func(f *forged) { f.note("index", "DIRC\x00\x00\x00\x04\xff\xff\xff\xff") }, good},
	"a graph of commits that is none": {func(f *forged) { f.note("objects/info/commit-graph", "CGPH\x01\x01\xff\xff") }, good},
	"a table of packs that is none":   {func(f *forged) { f.note("objects/pack/multi-pack-index", "MIDX\xff") }, good},
	"grafts, and a commit that is replaced": {func(f *forged) {
		head := f.folder(f.tree(item{"100644", "main.hcl", blobID([]byte(good))}))
		bad := f.folder(f.tree(item{"100644", "main.hcl", f.object("blob", []byte("bad"))}))
		f.note("refs/heads/main", head.String()+"\n")
		f.note("refs/replace/"+head.String(), bad.String()+"\n")
		f.note("info/grafts", head.String()+" "+bad.String()+"\n")
	}, good},
	"a clone that says it ends everywhere": {func(f *forged) { f.note("shallow", strings.Repeat(strings.Repeat("f", 40)+"\n", 10_000)) }, good},
	"a clone that ends in garbage":         {func(f *forged) { f.note("shallow", "\x00\xffnothing\n") }, ""},
	"a folder in itself, a billion times": {func(f *forged) {
		blob := blobID([]byte(good))
		in := f.tree(item{"100644", "x.txt", blob})
		for range 3 {
			var thousand []item
			for i := range 1000 {
				thousand = append(thousand, item{"40000", fmt.Sprintf("d%03d", i), in})
			}
			in = f.tree(thousand...)
		}
		f.folder(f.tree(item{"40000", "deep", in}, item{"100644", "main.hcl", blob}))
	}, "files and folders"},
	"a folder in a folder, a hundred times": {func(f *forged) {
		blob := blobID([]byte(good))
		in := f.tree(item{"100644", "x.txt", blob})
		for range 100 {
			in = f.tree(item{"40000", strings.Repeat("d", 42), in})
		}
		f.folder(f.tree(item{"40000", "deep", in}, item{"100644", "main.hcl", blob}))
	}, "path longer than"},
	"a folder that is cut": {func(f *forged) { f.folder(f.object("tree", []byte("100644 main.hcl\x00short"))) }, "tree"},
	"a commit without a folder": {func(f *forged) {
		f.note("refs/heads/main", f.object("commit", []byte("author "+signed+"\n\nx\n")).String())
	}, "tree"},
	"a commit of a year that no calendar has": {func(f *forged) { f.dated("Ann <a@x> 99999999999999999 +0000") }, good},
	"a commit from before all time":           {func(f *forged) { f.dated("Ann <a@x> -99999999999999999 +0000") }, good},
	"a commit from another sun":               {func(f *forged) { f.dated("Ann <a@x> 1700000000 +9999") }, good},
	"a commit of nobody":                      {func(f *forged) { f.dated("") }, good},
	"a commit by brackets":                    {func(f *forged) { f.dated(">>>><<<< > < -") }, good},
}

// borrowing has the objects at the end of a row of repositories of which each
// borrows from the next.
func (f *forged) borrowing(n int) {
	f.without(blobID([]byte(good)))
	for at := f; ; n-- {
		next := forge(f.t)
		at.note("objects/info/alternates", filepath.Join(next.dir, ".git", "objects")+"\n")
		if at = next; n == 1 {
			next.object("blob", []byte(good))
			return
		}
	}
}

// dated has main.hcl be from a commit of whoever.
func (f *forged) dated(who string) {
	blob := blobID([]byte(good))
	f.commit(f.tree(item{"40000", "acme", f.tree(item{"100644", "main.hcl", blob})}), who, "x")
}

func TestWhatIsAroundObjectsIsNotTrusted(t *testing.T) {
	t.Parallel()
	for name, tt := range hostilePlaces {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := ordinary(t)
			tt.make(f)
			content, err := look(f.dir, "HEAD")
			if tt.want != "" { // otherwise it is enough that it ends
				wantLook(t, content, err, tt.want)
			}
			if _, err := os.Stat(filepath.Join(f.dir, "ran")); err == nil {
				t.Error("a program was run")
			}
		})
	}
}

func TestPipesOfARepositoryAreNotOpened(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"HEAD", "config", "commondir", "packed-refs", "shallow", "refs/heads/main", "objects/info/alternates",
		"objects/pack/pack-1.idx", "objects/" + blobID([]byte(good)).String()[:2] + "/" + blobID([]byte(good)).String()[2:],
	} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			f, _ := ordinary(t)
			f.mkfifo(name)
			if name == "packed-refs" { // which is asked for what has no file of its own
				f.mkfifo("refs/heads/main")
			}
			if content, err := look(f.dir, "HEAD"); err == nil {
				t.Errorf("got %q, want an error", content)
			}
		})
	}
	f, _ := ordinary(t)
	if err := os.RemoveAll(filepath.Join(f.dir, ".git")); err != nil {
		t.Fatal(err)
	}
	f.mkfifo("")
	if _, err := look(f.dir, "HEAD"); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf(".git is a pipe: got %v", err)
	}
}

// TestDatesOfCommitsCanBeWrittenDown makes JSON of them, which has four digits
// for a year and two for the hours off UTC.
func TestDatesOfCommitsCanBeWrittenDown(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"a <a> 99999999999999999 +0000", "a <a> -99999999999999999 +0000", "a <a> 1700000000 +9999", "a <a> 1700000000 -9999", ""} {
		f, _ := ordinary(t)
		f.dated(who)
		r, err := gitrepo.Open(filepath.Join(f.dir, "acme"), "HEAD")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		line := gitrepo.Line{File: "main.hcl", Number: 1}
		found, err := r.Blame([]gitrepo.Line{line}, nil, gitrepo.Limits{})
		if err != nil || found[line].Certainty != gitrepo.Certain {
			t.Errorf("%q: got %v, %v", who, found, err)
		}
		for _, date := range []time.Time{found[line].Commit.Date, found[line].Commit.Committed} {
			if _, err := date.MarshalJSON(); err != nil {
				t.Errorf("%q: %v", who, err)
			}
		}
	}
}
