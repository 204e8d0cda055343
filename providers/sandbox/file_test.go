package sandbox_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

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
