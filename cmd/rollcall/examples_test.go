package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestExamples carries out what the README of each example shows, in a copy of
// its folder, and compares what is printed. UPDATE=1 rewrites the READMEs.
func TestExamples(t *testing.T) {
	t.Parallel()
	readmes, err := filepath.Glob("../../examples/*/README.md")
	if err != nil {
		t.Fatal(err)
	}
	if len(readmes) < 7 {
		t.Fatalf("found %d examples with a README, want at least 7", len(readmes))
	}
	for _, readme := range readmes {
		t.Run(filepath.Base(filepath.Dir(readme)), func(t *testing.T) {
			t.Parallel()
			checkReadme(t, readme, filepath.Dir(readme))
		})
	}
}

// TestReadme does the same for the README of the project, whose commands run
// in the quickstart.
func TestReadme(t *testing.T) {
	t.Parallel()
	checkReadme(t, "../../README.md", "../../examples/group-not-assigned")
}

// TestPageOnExplaining does the same for the page that shows explain and
// simulate at work.
func TestPageOnExplaining(t *testing.T) {
	t.Parallel()
	checkReadme(t, "../../docs/explaining.md", "../../examples/direct-and-group")
}

// TestEveryExampleConverges plans, applies and plans again: nothing may be left.
func TestEveryExampleConverges(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("../../examples/*/main.hcl")
	if err != nil {
		t.Fatal(err)
	}
	folders = append(folders, "../../examples/quickstart/access.hcl")
	for _, file := range folders {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			t.Parallel()
			s := newShell(t, filepath.Dir(file))
			args := ""
			if usesAddress(t, file) {
				s.run("rollcall sandbox -listen " + shownAddress + dialectFlag(file) + " &")
				args = " -var base_url=http://" + shownAddress + "/scim/v2"
			}
			for _, command := range []string{
				"rollcall fmt -check", "rollcall validate" + args,
				"rollcall apply -auto-approve" + args, "rollcall plan -detailed-exitcode" + args,
			} {
				if out := s.run(command); strings.Contains(out, "\n[exit ") {
					t.Fatalf("$ %s\n%s", command, out)
				}
			}
		})
	}
}

func usesAddress(t *testing.T, file string) bool {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(source, []byte(`variable "base_url"`))
}

func dialectFlag(file string) string {
	if strings.Contains(file, "twingate") {
		return " -dialect twingate"
	}
	return ""
}

// checkReadme runs the console blocks of a README in a copy of dir, and draws
// its graphs.
func checkReadme(t *testing.T, readme, dir string) {
	t.Helper()
	source, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	s := newShell(t, dir)
	got := consoleBlock.ReplaceAllStringFunc(string(source), func(block string) string {
		return s.replay(block)
	})
	got = drawnBlock.ReplaceAllStringFunc(got, func(block string) string {
		command := drawnBlock.FindStringSubmatch(block)[1]
		return fmt.Sprintf("<!-- $ %s -->\n```mermaid\n%s```", command, s.run(command))
	})
	if got == string(source) {
		return
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(readme, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s does not show what is printed (-shown +printed):\n%s", readme, cmp.Diff(string(source), got))
}

var consoleBlock = regexp.MustCompile("(?s)```console\n.*?```")

// drawnBlock is a graph below the comment that names the command which prints it.
var drawnBlock = regexp.MustCompile("(?s)<!-- \\$ ([^\n]*) -->\n```mermaid\n.*?```")

// shownAddress stands in READMEs for wherever the sandbox of the test listens.
const shownAddress = "127.0.0.1:8877"

// shell runs the commands of one README one after the other.
type shell struct {
	t    *testing.T
	dir  string
	env  []string
	addr string
}

// newShell copies an example into a folder of the test's own.
func newShell(t *testing.T, example string) *shell {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(example)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, ".rollcall")); err != nil {
		t.Fatal(err)
	}
	return &shell{t: t, dir: dir, env: []string{
		"PATH=" + filepath.Dir(binary(t)) + ":" + os.Getenv("PATH"), "HOME=" + dir, "TZ=UTC",
		"ROLLCALL_TOKEN_127_0_0_1=example", "GIT_CEILING_DIRECTORIES=" + filepath.Dir(dir),
	}}
}

// replay runs the commands of a block and returns the block as it would be
// printed.
func (s *shell) replay(block string) string {
	var b strings.Builder
	b.WriteString("```console\n")
	first := true
	for line := range strings.SplitSeq(block, "\n") {
		command, ok := strings.CutPrefix(line, "$ ")
		if !ok {
			continue
		}
		if !first {
			b.WriteString("\n")
		}
		first = false
		fmt.Fprintf(&b, "$ %s\n%s", command, s.run(command))
	}
	b.WriteString("```")
	return b.String()
}

// run runs one command and returns what it prints, with a last line for an
// exit code that is not 0. A command that ends in & is the sandbox.
func (s *shell) run(command string) string {
	s.t.Helper()
	if background, ok := strings.CutSuffix(command, " &"); ok {
		s.sandbox(background)
		return ""
	}
	if name, value, ok := strings.Cut(strings.TrimPrefix(command, "export "), "="); ok && strings.HasPrefix(command, "export ") {
		s.env = append(s.env, name+"="+value)
		return ""
	}
	if s.addr != "" {
		command = strings.ReplaceAll(command, shownAddress, s.addr)
	}
	c := exec.Command("sh", "-c", command)
	c.Dir, c.Env = s.dir, s.env
	out, err := c.CombinedOutput()
	if err != nil {
		code := c.ProcessState.ExitCode()
		out = fmt.Appendf(bytes.TrimRight(out, "\n"), "\n[exit %d]\n", code)
	}
	return s.steady(string(out))
}

// sandbox starts the sandbox on a free port and waits until it says where.
func (s *shell) sandbox(command string) {
	s.t.Helper()
	command = strings.ReplaceAll(command, shownAddress, "127.0.0.1:0")
	c := exec.Command("sh", "-c", "exec "+command)
	c.Dir, c.Env = s.dir, s.env
	var out syncBuffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if m := listening.FindString(out.String()); m != "" {
			s.addr = m
			return
		}
	}
	s.t.Fatalf("the sandbox does not say where it listens:\n%s", out.String())
}

var listening = regexp.MustCompile(`127\.0\.0\.1:[1-9]\d*`)

// steady replaces what differs from run to run.
func (s *shell) steady(out string) string {
	if s.addr != "" {
		out = strings.ReplaceAll(out, s.addr, shownAddress)
	}
	out = strings.ReplaceAll(out, s.dir, ".")
	for _, v := range varying {
		out = v.pattern.ReplaceAllString(out, v.with)
	}
	return out
}

var varying = []struct {
	pattern *regexp.Regexp
	with    string
}{
	// Changes of one wave run side by side, so their lines come in any order.
	{regexp.MustCompile(`(?m)^(user|group) ".*": .*(\.\.\.|complete after .*)\n`), ""},
	// Each run has an id of its own.
	{regexp.MustCompile(`(?m)^In the audit log: .*\n`), ""},
	{regexp.MustCompile(`rc1:[0-9a-f]{8,}`), "rc1:…"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "2026-01-01T00:00:00Z"},
}

// syncBuffer is a buffer that a process may write to while a test reads it.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write appends p.
func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// String returns what was written so far.
func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

var buildOnce = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "rollcall-test")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "rollcall")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build rollcall: %w\n%s", err, out)
	}
	return path, nil
})

// binary builds rollcall once for all tests of this package.
func binary(t testing.TB) string {
	t.Helper()
	path, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
