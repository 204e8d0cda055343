package main

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// canary is the token of every target in the scripts.
const canary = "canary-5f0c7a1e"

// secretVariables are the variables of the environment that carry secrets, here
// or at what rollcall runs beside. All scripts have the canary in all of them.
var secretVariables = []string{
	"ROLLCALL_TOKEN_127_0_0_1", "GITHUB_TOKEN", "GITLAB_TOKEN", "ROLLCALL_VAR_unused_secret",
	"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "PGPASSWORD", "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
}

// setCanary puts the canary wherever a secret may lie, and searches all files of
// the script for it when the script has ended.
func setCanary(e *testscript.Env) {
	for _, name := range append(secretVariables, "canary") {
		e.Setenv(name, canary)
	}
	// A password for a proxy, which nobody asks: loopback is reached directly.
	e.Setenv("HTTPS_PROXY", "http://proxy:"+canary+"@127.0.0.1:9")
	e.Defer(func() {
		if err := searchFiles(e.WorkDir); err != nil {
			e.T().Log(err)
			e.T().FailNow()
		}
	})
}

// canaries are the forms that the canary has where somebody has encoded it.
func canaries() []string {
	all := []string{canary, hex.EncodeToString([]byte(canary))}
	for skip := range 3 {
		// Whatever stands before it shifts the letters; those at both ends depend on
		// what stands beside it.
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", skip) + canary))
		all = append(all, encoded[4:len(encoded)-4])
	}
	return all
}

// canaryIn returns the form in which text holds the canary, or nothing.
func canaryIn(text string) string {
	forms := canaries()
	if i := slices.IndexFunc(forms, func(form string) bool { return strings.Contains(text, form) }); i >= 0 {
		return forms[i]
	}
	return ""
}

// searchFiles looks for the canary in every file below a folder. The files that
// a script keeps a token in are called token*, and hold nothing else.
func searchFiles(root string) error {
	var found []error
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.HasPrefix(entry.Name(), "token") && strings.TrimSpace(string(content)) == canary {
			return nil
		}
		if form := canaryIn(string(content)); form != "" {
			found = append(found, fmt.Errorf("the token is in %s, as %s", path, form))
		}
		return nil
	})
	return errors.Join(append(found, err)...)
}

// phaseOf matches the comment that a phase of a script begins with, in its log.
var phaseOf = regexp.MustCompile(`(?m)^#.* \(\d+\.\d{3}s\)$`)

// watched is a test whose scripts are searched for the canary: whatever a
// command says, on standard output or standard error, is in the script's log.
type watched struct{ *testing.T }

// Run runs a script.
func (t watched) Run(name string, f func(testscript.T)) {
	t.T.Run(name, func(t *testing.T) { f(watched{t}) })
}

// Verbose has the log kept whole.
func (t watched) Verbose() bool { return true }

// Log searches a script's log, less the environment that it begins with.
func (t watched) Log(args ...any) {
	t.Helper()
	text := fmt.Sprint(args...)
	if _, said, cut := strings.Cut(text, "\n\n"); cut {
		text = said
	}
	if form := canaryIn(text); form != "" {
		t.Errorf("the token is in what a command said, as %s", form)
	}
	if phases := phaseOf.FindAllStringIndex(text, -1); phases != nil && !testing.Verbose() {
		text = text[phases[len(phases)-1][0]:] // what went wrong went wrong there
	}
	t.T.Log(text)
}

func TestTheCanaryIsFoundHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Authorization: Bearer " + canary, `{"token":"` + canary + `"}`, hex.EncodeToString([]byte("x" + canary + "y")),
		base64.StdEncoding.EncodeToString([]byte("u:" + canary)), base64.URLEncoding.EncodeToString([]byte("user:" + canary + "!")),
		base64.RawStdEncoding.EncodeToString([]byte("me:" + canary + "??")),
	} {
		if canaryIn(text) == "" {
			t.Errorf("it is not found in %s", text)
		}
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "token.log"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if searchFiles(folder) == nil {
			t.Errorf("it is not found in a file that holds %s", text)
		}
	}
}
