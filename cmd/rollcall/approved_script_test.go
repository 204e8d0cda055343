package main

import (
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rollcall-dev/rollcall/providers/forge/forgetest"
)

// mergeAt merges the pull request of a forge, with a commit as the result:
// merged github|gitlab COMMIT.
func mergeAt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: merged github|gitlab COMMIT")
	}
	ts.Value(forgesOf{}).(map[string]*forgetest.Service)[args[0]].Merge(args[1])
}

// postAt posts a comment under the name of the token: posted github|gitlab BODY.
func postAt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: posted github|gitlab BODY")
	}
	s := ts.Value(forgesOf{}).(map[string]*forgetest.Service)[args[0]]
	s.Seed([]forgetest.Post{{Author: s.Self, Body: args[1]}}, nil)
}
