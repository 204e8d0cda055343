package load

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/schema"
)

func codesOf(ds schema.Diagnostics) []schema.Code {
	var out []schema.Code
	for _, d := range ds {
		out = append(out, d.Code)
	}
	return out
}

func TestLinksThatLeaveTheRootAreErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	outside := filepath.Join(dir, "outside.hcl")
	inside := filepath.Join(dir, "root")
	if err := os.MkdirAll(filepath.Join(inside, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{outside: "user \"a\" {\n  login = \"a\"\n}\n", filepath.Join(inside, "sub", "b.hcl"): "user \"b\" {\n  login = \"b\"\n}\n"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"out.hcl": "../outside.hcl", "folder": "sub", "same.hcl.not": "sub/b.hcl", "gone.hcl": "nothing.hcl", "up": "../"} {
		if err := os.Symlink(to, filepath.Join(inside, link)); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(inside)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close() //nolint:errcheck // nothing was written
	config, _, diags := Load(root.FS(), Options{})
	if diff := cmp.Diff([]schema.Code{codeUnreadable, codeLink, codeLink}, codesOf(diags)); diff != "" {
		t.Errorf("codes (-want +got):\n%s%s", diff, render(diags))
	}
	if len(config.Users) != 1 || config.Users[0].Address != "user.b" {
		t.Errorf("users = %v, want user.b alone", config.Users)
	}
}

func TestOnlyFilesOfTheConfigurationAreRead(t *testing.T) {
	t.Parallel()
	user := func(name string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("user \"" + name + "\" {\n  login = \"" + name + "\"\n}\n")}
	}
	config, sources, diags := Load(fstest.MapFS{
		"a.hcl": user("a"), "team/b.hcl": user("b"), ".hidden.hcl": user("c"), "_draft.hcl": user("d"), ".git/e.hcl": user("e"),
		"_old/f.hcl": user("f"), "g.test.hcl": user("g"), "h.txt": user("h"), "sub/rollcall.vars": {Data: []byte("x = 1\n")},
	}, Options{})
	if diags.HasErrors() {
		t.Fatal(render(diags))
	}
	var names []string
	for _, f := range config.Files {
		names = append(names, f.Name)
		if len(f.BlobID) != 40 {
			t.Errorf("blob id of %s = %q, want 40 hexadecimal digits", f.Name, f.BlobID)
		}
	}
	if diff := cmp.Diff([]string{"a.hcl", "team/b.hcl"}, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if len(sources) != 2 {
		t.Errorf("%d sources, want 2", len(sources))
	}
}

func TestBlobIDIsGits(t *testing.T) {
	t.Parallel()
	// printf 'hello\n' | git hash-object --stdin
	if got, want := blobID([]byte("hello\n")), "ce013625030ba8dba906f756967f9e9ca394464a"; got != want {
		t.Errorf("blobID = %s, want %s", got, want)
	}
}

func TestDigestFollowsContentAndVariablesButNoSecrets(t *testing.T) {
	t.Parallel()
	digest := func(src string, vars map[string]string) string {
		config, _, diags := Load(fstest.MapFS{"a.hcl": {Data: []byte(src)}}, Options{Vars: vars})
		if diags.HasErrors() {
			t.Fatal(render(diags))
		}
		return config.Digest
	}
	open, secret := "variable \"x\" {}\n", "variable \"x\" {\n  sensitive = true\n}\n"
	if digest(open, map[string]string{"x": "1"}) == digest(open, map[string]string{"x": "2"}) {
		t.Error("the digest does not follow the value of a variable")
	}
	if digest(secret, map[string]string{"x": "1"}) != digest(secret, map[string]string{"x": "2"}) {
		t.Error("the digest depends on a sensitive value")
	}
	if digest(open, map[string]string{"x": "1"}) == digest(open+"# more\n", map[string]string{"x": "1"}) {
		t.Error("the digest does not follow the content of a file")
	}
}

func TestLimitsOfTheTree(t *testing.T) {
	t.Parallel()
	file := &fstest.MapFile{Data: []byte("# 123456\n")}
	fsys := fstest.MapFS{"a.hcl": file, "b.hcl": file, "c.hcl": file}
	for name, limits := range map[string]Limits{"bytes of a file": {FileBytes: 8}, "bytes of all": {TreeBytes: 20}, "files": {Files: 2}} {
		_, _, diags := Load(fsys, Options{Limits: limits})
		if len(diags) == 0 || diags[0].Code != codeTooLarge {
			t.Errorf("%s: findings %v, want %s", name, codesOf(diags), codeTooLarge)
		}
	}
}

// unopened fails a test that opens a file.
type unopened struct {
	fstest.MapFS
	t *testing.T
}

func (u unopened) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, ".hcl") {
		u.t.Errorf("%s was opened", name)
	}
	return u.MapFS.Open(name)
}

func TestFileThatUnpacksIntoTooMuchIsRefusedUnread(t *testing.T) {
	t.Parallel()
	fsys := unopened{fstest.MapFS{"bomb.hcl": {Data: make([]byte, 100)}}, t}
	if _, _, diags := Load(fsys, Options{Limits: Limits{FileBytes: 50}}); len(diags) == 0 || diags[0].Code != codeTooLarge {
		t.Errorf("findings %v, want %s", codesOf(diags), codeTooLarge)
	}
}

func TestSecretsAreReadWhenNeededAndNotBefore(t *testing.T) {
	t.Parallel()
	reads := 0
	environ := func(name string) (string, bool) {
		if name == "TOKEN" {
			reads++
			return "canary", true
		}
		return "", false
	}
	src := "target \"scim\" \"x\" {\n  base_url = \"https://x.example\"\n  token    = \"pre-${env(\"TOKEN\")}\"\n}\n" +
		"target \"scim\" \"y\" {\n  base_url = \"https://y.example\"\n  token    = env(\"NOT_SET\")\n}\n"
	config, _, diags := Load(fstest.MapFS{"a.hcl": {Data: []byte(src)}}, Options{Environ: environ})
	if diags.HasErrors() || reads != 0 {
		t.Fatalf("after loading: %d reads of the secret, want 0\n%s", reads, render(diags))
	}
	got, err := config.Targets[0].Token.Reveal()
	if err != nil || got != "pre-canary" {
		t.Errorf("Reveal = %q, %v, want pre-canary", got, err)
	}
	if _, err := config.Targets[1].Token.Reveal(); err == nil {
		t.Error("a secret whose variable is not set revealed something")
	}
}

func TestRequiredVersion(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		constraints, version string
		want                 bool
	}{
		{">= 0.1, < 2", "0.3.0", true}, {">= 0.1, < 2", "2.0.0", false}, {"~> 1.2", "1.9.1", true}, {"~> 1.2", "2.0.0", false},
		{"~> 1.2.3", "1.2.9", true}, {"~> 1.2.3", "1.3.0", false}, {"= 1.0", "1.0.0", true}, {"!= 1.0", "1.0.0", false},
		{"1.0", "v1.0.0", true}, {"> 1", "1.0.1", true}, {"<= 1", "1.0.1", false}, {"< 2", "dev", true}, {"soon", "1.0.0", false}, {"=> 1", "1.0.0", false},
	} {
		src := "rollcall {\n  required_version = \"" + tc.constraints + "\"\n}\n"
		_, _, diags := Load(fstest.MapFS{"a.hcl": {Data: []byte(src)}}, Options{Version: tc.version})
		if got := !diags.HasErrors(); got != tc.want {
			t.Errorf("version %s against %q accepted = %v, want %v", tc.version, tc.constraints, got, tc.want)
		}
	}
}

// pipes is a file system in which nobody writes to the pipes: to open one waits for ever.
type pipes struct {
	fstest.MapFS
	t *testing.T
}

func (p pipes) Open(name string) (fs.File, error) {
	if f := p.MapFS[name]; f != nil && f.Mode&fs.ModeNamedPipe != 0 {
		p.t.Errorf("%s was opened", name)
	}
	return p.MapFS.Open(name)
}

func TestPipesAreNotOpened(t *testing.T) {
	t.Parallel()
	pipe := &fstest.MapFile{Mode: fs.ModeNamedPipe}
	_, _, diags := Load(pipes{fstest.MapFS{
		"a.hcl": {Data: []byte("locals { x = file(\"c.txt\") }\n")}, "b.hcl": pipe, "c.txt": pipe, "rollcall.vars": pipe,
	}, t}, Options{})
	var got []string
	for _, d := range diags {
		got = append(got, d.Origin.File)
		if !strings.Contains(d.Detail, "not a regular file") {
			t.Errorf("%s: %s, want it to say that it is no regular file", d.Origin.File, d.Detail)
		}
	}
	if diff := cmp.Diff([]string{"a.hcl", "b.hcl", "rollcall.vars"}, got); diff != "" {
		t.Errorf("files with findings (-want +got):\n%s", diff)
	}
}
