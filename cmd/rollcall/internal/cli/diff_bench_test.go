package cli

import (
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
	"github.com/rollcall-dev/rollcall/schema/load"
)

// The organisation that two revisions are compared of: a tenth of its people
// have a group in their file.
const benchPeople, benchFiles, benchGroups = 10_000, 100, 1_000

// twoRevisions makes a repository whose second commit changes one file: one
// person leaves a group.
func twoRevisions(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	git := func(args ...string) {
		cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "-b", "main")
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	write("access.hcl", "target \"sandbox\" \"s\" {}\napp \"vpn\" { target = target.sandbox.s }\n"+
		"assignment \"some\" {\n  app = app.vpn\n  groups = [group.g0, group.g10]\n}\n")
	var last string
	for f := range benchFiles {
		var text strings.Builder
		for i := f; i < benchPeople; i += benchFiles {
			fmt.Fprintf(&text, "user \"p%d\" {\n  login = \"p%[1]d@example.com\"\n  first_name = \"First%[1]d\"\n}\n", i)
		}
		for g := f; g < benchGroups; g += benchFiles {
			fmt.Fprintf(&text, "group \"g%d\" {\n  members = [\n", g)
			for m := range 10 {
				fmt.Fprintf(&text, "    user.p%d,\n", (g*10+m)%benchPeople)
			}
			text.WriteString("  ]\n}\n")
		}
		last = text.String()
		if f == 0 {
			write("people0.hcl", last)
			continue
		}
		write(fmt.Sprintf("people%d.hcl", f), last)
	}
	git("add", ".")
	git("commit", "-q", "-m", "one")
	first, err := os.ReadFile(filepath.Join(dir, "people0.hcl"))
	if err != nil {
		b.Fatal(err)
	}
	write("people0.hcl", strings.Replace(string(first), "    user.p7,\n", "", 1))
	git("commit", "-q", "-a", "-m", "two")
	git("gc", "-q")
	return dir
}

// allocatedBytes is how much was allocated so far.
func allocatedBytes() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// BenchmarkDiff compares two revisions, and tells what that takes as a ratio to
// opening one of them in the same run, and how many files were parsed. Of the
// times the shortest counts, which other work on the machine disturbs least.
func BenchmarkDiff(b *testing.B) {
	dir := twoRevisions(b)
	a := &app{process: process{stdout: io.Discard, stderr: io.Discard, now: time.Now, lookup: func(string) (string, bool) { return "", false }}}
	options := func() run.Options {
		o, err := a.options(loadFlags{})
		if err != nil {
			b.Fatal(err)
		}
		o.Root, o.Load.Cache = dir, &load.Cache{}
		return o
	}
	floor, own := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	var floorBytes, ownBytes uint64
	parsed := 0
	for range b.N {
		began, allocated := time.Now(), allocatedBytes()
		one := options()
		one.At = "HEAD"
		p, err := run.Open(one)
		if err != nil || p.Findings.HasErrors() {
			b.Fatal(err, p.Findings)
		}
		p.Close()
		floor, floorBytes = min(floor, time.Since(began)), allocatedBytes()-allocated
		began, allocated = time.Now(), allocatedBytes()
		o := options()
		c, err := a.compare(o, []string{"HEAD~1", "HEAD"})
		if err != nil {
			b.Fatal(err)
		}
		if err := render.Diff(io.Discard, c.Difference, render.Style{}); err != nil || len(c.Losses) != 1 {
			b.Fatal(err, len(c.Losses))
		}
		c.close()
		own, ownBytes = min(own, time.Since(began)), allocatedBytes()-allocated
		parsed = o.Load.Cache.Parsed()
	}
	b.ReportMetric(own.Seconds(), "diff-s")
	b.ReportMetric(float64(own)/float64(floor), "diff-×")
	b.ReportMetric(float64(ownBytes)/float64(floorBytes), "bytes-×")
	b.ReportMetric(float64(parsed), "files-parsed")
	b.ReportMetric(benchFiles+1, "files")
	b.ReportMetric(0, "ns/op")
}
