package sandbox_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/rollcall-dev/rollcall/providers/sandbox"
)

func TestResourcesSurviveClosing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), ".rollcall", "sandbox.json")
	c := open(t, sandbox.Options{Path: path})
	u := c.user("bjensen")
	g := c.group("Tour Guides", u)
	before := string(c.want(200, "GET", "/", "").raw)
	if err := c.service.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, sandbox.Options{Path: path})
	if diff := cmp.Diff(before, string(again.want(200, "GET", "/", "").raw)); diff != "" {
		t.Errorf("after opening again (-before +after):\n%s", diff)
	}
	if got := again.want(200, "GET", "/Groups/"+g, "").members(); len(got) != 1 || got[0] != u {
		t.Errorf("members %v, want [%s]", got, u)
	}
}

func TestReadingLeavesNoFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), ".rollcall", "sandbox.json")
	c := open(t, sandbox.Options{Path: path})
	c.want(200, "GET", "/Users", "")
	c.want(404, "DELETE", "/Users/none", "")
	if err := c.service.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(path)); !os.IsNotExist(err) {
		t.Errorf("the folder exists: %v", err)
	}
}

// tree is everything a service holds, as a client sees it.
func tree(c *client) string {
	c.t.Helper()
	return string(c.want(200, "GET", "/?count=1000", "").raw)
}

func TestSecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sandbox.json")
	first := open(t, sandbox.Options{Path: path})
	first.user("bjensen")
	_, err := sandbox.Open(sandbox.Options{Path: path})
	if err == nil || !strings.Contains(err.Error(), "another process has it open") {
		t.Fatalf("error %v, want one about another process", err)
	}
	if err := first.service.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, sandbox.Options{Path: path}).want(200, "GET", "/Users/u1", "")
}

func TestFileMadeByAnotherMeanwhileIsNotOverwritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sandbox.json")
	slow := open(t, sandbox.Options{Path: path})
	fast := open(t, sandbox.Options{Path: path})
	fast.user("bjensen")
	slow.want(500, "POST", "/Users", userBody("intruder"))
	fast.user("second")
	if err := fast.service.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, sandbox.Options{Path: path})
	if diff := cmp.Diff([]string{"u1", "u2"}, again.want(200, "GET", "/Users", "").ids()); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
}

func TestFileIsPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", ".rollcall", "sandbox.json")
	open(t, sandbox.Options{Path: path}).user("bjensen")
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700 | os.ModeDir} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", name, info.Mode(), want)
		}
	}
}

func TestReadingDoesNotTouchTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sandbox.json")
	c := open(t, sandbox.Options{Path: path})
	c.user("bjensen")
	if err := c.service.Close(); err != nil {
		t.Fatal(err)
	}
	torn := append(contents(t, path), `["0000`...)
	write(t, path, torn)
	again := open(t, sandbox.Options{Path: path})
	again.want(200, "GET", "/Users", "")
	if err := again.service.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(torn), string(contents(t, path))); diff != "" {
		t.Errorf("the file changed (-before +after):\n%s", diff)
	}
}

func contents(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// history makes a file step by step, and returns its bytes with what clients saw
// once it was so long.
func history(t *testing.T) (data []byte, seen map[int]string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sandbox.json")
	c := open(t, sandbox.Options{Path: path})
	seen = map[int]string{0: tree(c)}
	for _, step := range []func(){
		func() { c.user("bjensen") },
		func() { c.user("jsmith") },
		func() { c.group("Tour Guides", "u1", "u2") },
		func() {
			c.want(200, "PATCH", "/Users/u1", patchBody(`{"op":"add","path":"title","value":"Tour \"Guide\"\n"}`))
		},
		func() {
			c.want(200, "PATCH", "/Groups/u3", patchBody(`{"op":"remove","path":"members[value eq \"u1\"]"}`))
		},
		func() { c.want(204, "DELETE", "/Users/u2", "") },
		func() { c.want(200, "PUT", "/Groups/u3", groupBody("Guides", "u1")) },
	} {
		step()
		data = contents(t, path)
		seen[len(data)] = tree(c)
	}
	return data, seen
}

// A crash leaves any prefix of the file. What was acknowledged by then is there,
// and nothing else is, and the service takes writes again.
func TestEveryPrefixOfTheFileIsAValidPast(t *testing.T) {
	t.Parallel()
	data, seen := history(t)
	path := filepath.Join(t.TempDir(), "sandbox.json")
	want := seen[0]
	for n := range len(data) + 1 {
		if s, ok := seen[n]; ok {
			want = s
		}
		write(t, path, data[:n])
		checkReopened(t, path, n, want)
	}
}

func checkReopened(t *testing.T, path string, n int, want string) {
	t.Helper()
	c := open(t, sandbox.Options{Path: path, NoSync: true, NewID: func() string { return "fresh" }})
	if got := tree(c); got != want {
		t.Fatalf("cut at byte %d (-want +got):\n%s", n, cmp.Diff(want, got))
	}
	c.user("newcomer")
	after := tree(c)
	if err := c.service.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, sandbox.Options{Path: path})
	if got := tree(again); got != after {
		t.Fatalf("cut at byte %d, written and opened again (-want +got):\n%s", n, cmp.Diff(after, got))
	}
	if err := again.service.Close(); err != nil {
		t.Fatal(err)
	}
}

// A crash of the machine may leave a last line of the right length with the
// wrong bytes.
func TestSpoiltLastLineIsDropped(t *testing.T) {
	t.Parallel()
	data, seen := history(t)
	start := bytes.LastIndexByte(data[:len(data)-1], '\n') + 1
	path := filepath.Join(t.TempDir(), "sandbox.json")
	for i := start; i < len(data)-1; i++ {
		spoilt := bytes.Clone(data)
		spoilt[i] = 0
		write(t, path, spoilt)
		checkReopened(t, path, i, seen[start])
	}
}

func TestDamageBeforeTheLastLineIsRefused(t *testing.T) {
	t.Parallel()
	data, _ := history(t)
	start := bytes.LastIndexByte(data[:len(data)-1], '\n') + 1
	path := filepath.Join(t.TempDir(), "sandbox.json")
	for i := range start - 1 { // the newline there would only make the last line longer
		spoilt := bytes.Clone(data)
		spoilt[i] ^= 1
		write(t, path, spoilt)
		if _, err := sandbox.Open(sandbox.Options{Path: path}); err == nil {
			t.Fatalf("byte %d of %d was altered, and the file opened", i, len(data))
		}
		if !bytes.Equal(contents(t, path), spoilt) {
			t.Fatalf("byte %d was altered, and opening changed the file", i)
		}
	}
}

func TestOtherFilesAreRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sandbox.json")
	write(t, path, []byte(`{"users":[]}`+"\n"))
	_, err := sandbox.Open(sandbox.Options{Path: path})
	if err == nil || !strings.Contains(err.Error(), "not a sandbox file") {
		t.Errorf("error %v, want one about the format", err)
	}
}

func TestFileIsCompactedAndKeepsEverything(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sandbox.json")
	c := open(t, sandbox.Options{Path: path, NoSync: true})
	u := c.user("bjensen")
	c.group("Tour Guides", u)
	long := strings.Repeat("x", 4000)
	for i := range 1500 {
		c.want(200, "PATCH", "/Users/"+u, patchBody(fmt.Sprintf(`{"op":"replace","path":"title","value":"%d %s"}`, i, long)))
	}
	before := tree(c)
	if size := len(contents(t, path)); size > 3<<20 {
		t.Errorf("the file has %d bytes after 6 MB of changes to one user", size)
	}
	if err := c.service.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, sandbox.Options{Path: path})
	if diff := cmp.Diff(before, tree(again)); diff != "" {
		t.Errorf("after opening again (-before +after):\n%s", diff)
	}
	if names, _ := os.ReadDir(filepath.Dir(path)); len(names) != 1 {
		t.Errorf("files beside: %v", names)
	}
}

// crasher is set in the process that is to be killed.
const crasher = "SANDBOX_TEST_CRASH_FILE"

// TestMain lets the test binary be the process that TestAcknowledgedWritesSurviveKill kills.
func TestMain(m *testing.M) {
	if path := os.Getenv(crasher); path != "" {
		writeUntilKilled(path)
		return
	}
	goleak.VerifyTestMain(m)
}

// writeUntilKilled says on standard output what was acknowledged.
func writeUntilKilled(path string) {
	s, err := sandbox.Open(sandbox.Options{Path: path})
	if err != nil {
		panic(err)
	}
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("user-%d-%d", worker, i)
				r := httptest.NewRequest("POST", sandbox.BasePath+"/Users", strings.NewReader(userBody(name)))
				r.Header.Set("Content-Type", "application/scim+json")
				w := httptest.NewRecorder()
				if s.ServeHTTP(w, r); w.Code == 201 {
					fmt.Println(name)
				}
			}
		})
	}
	group.Wait()
}

func TestAcknowledgedWritesSurviveKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sandbox.json")
	for round := range 3 {
		acknowledged := killAfter(t, path, 50+100*round)
		c := open(t, sandbox.Options{Path: path})
		for _, name := range acknowledged {
			filter := url.QueryEscape(fmt.Sprintf("userName eq %q", name))
			if got := c.want(200, "GET", "/Users?filter="+filter, "").ids(); len(got) != 1 {
				t.Fatalf("%s was acknowledged and is there %d times", name, len(got))
			}
		}
		if err := c.service.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// killAfter runs a process that writes, kills it once it acknowledged n writes,
// and returns all that it acknowledged.
func killAfter(t *testing.T, path string, n int) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crasher+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if names = append(names, lines.Text()); len(names) == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // it was killed
	return names
}
