package main

import (
	"os"
	"strings"
	"testing"
)

// The output that docs/reviewing.md explains is part of what a script compares
// with the program's.
func TestReviewingPageShowsARealDifference(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/reviewing.md")
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("testdata/script/diff.txtar")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, ok := strings.Cut(string(page), "```\nLoses:\n")
	if !ok {
		t.Fatal("the page shows no difference")
	}
	shown, _, _ = strings.Cut(shown, "```")
	_, want, _ := strings.Cut(string(script), "-- review.txt --\n")
	if want, _, _ = strings.Cut(want, "\n-- "); !strings.Contains(want, "Loses:\n"+shown) {
		t.Errorf("the page shows:\n%s\nwhich is not in:\n%s", shown, want)
	}
}
