package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// holderNames matches a test or a script that the page of promises names.
	holderNames = regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9_]+|[a-z]+\\.txtar)`")
	// testDeclared matches the declaration of a test.
	testDeclared = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Za-z0-9_]+)\(`)
)

// testsThatExist are the tests of the whole module, and its scripts.
func testsThatExist(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case strings.HasSuffix(path, ".txtar"):
			all[entry.Name()] = true
		case strings.HasSuffix(path, "_test.go"):
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, match := range testDeclared.FindAllSubmatch(content, -1) {
				all[string(match[1])] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryPromiseIsHeldByTestsThatExist(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(docsDir, "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	exist, rows := testsThatExist(t), 0
	for line := range strings.Lines(string(page)) {
		named := holderNames.FindAllStringSubmatch(line, -1)
		for _, name := range named {
			if !exist[name[1]] {
				t.Errorf("there is no %s, which is to hold: %s", name[1], line)
			}
		}
		if !strings.HasPrefix(line, "| ") || strings.Contains(line, "| held by |") {
			continue
		}
		if rows++; len(named) == 0 {
			t.Errorf("nothing holds: %s", line)
		}
	}
	if rows < 30 {
		t.Errorf("found %d promises and faults, want 30 at least", rows)
	}
}
