package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/providers/sandbox"
)

// BenchmarkProcess measures whole processes, from start to end: the median of
// some runs, and as a ratio to a program that prints one line and was built in
// the same way, run in turn with it.
func BenchmarkProcess(b *testing.B) {
	bin := built(b, "rollcall", ".")
	hello := built(b, "hello", helloProgram(b))
	for _, row := range []struct {
		name, source string
		people, runs int
		args         []string
	}{
		{"version", "", 0, 15, []string{"version"}},
		{"help", "", 0, 15, []string{"-help"}},
		{"validate/hcl/1k", "hcl", 1_000, 9, []string{"validate"}},
		{"validate/csv/1k", "csv", 1_000, 9, []string{"validate"}},
		{"validate/csv/100k", "csv", 100_000, 3, []string{"validate"}},
	} {
		b.Run(row.name, func(b *testing.B) {
			dir := b.TempDir()
			if row.source != "" {
				if err := (&world{people: row.people, dir: dir}).write(row.source); err != nil {
					b.Fatal(err)
				}
			}
			for range b.N {
				reportRuns(b, row.runs, func() *exec.Cmd { return in(dir, exec.Command(bin, row.args...)) }, hello)
			}
		})
	}
	b.Run("size", func(b *testing.B) {
		info, err := os.Stat(bin)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.Size())/1e6, "MB")
		b.ReportMetric(0, "ns/op")
	})
}

// BenchmarkPlanProcess is a plan with nothing to do, of as many people as the
// row says, half of them with accounts, at a sandbox on loopback: a whole process.
func BenchmarkPlanProcess(b *testing.B) {
	bin := built(b, "rollcall", ".")
	hello := built(b, "hello", helloProgram(b))
	for _, people := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint("people=", people), func(b *testing.B) {
			dir := b.TempDir()
			w := &world{people: people, dir: dir, service: sandboxAddress(b)}
			if err := w.write("csv"); err != nil {
				b.Fatal(err)
			}
			run := func(args ...string) *exec.Cmd {
				c := in(dir, exec.Command(bin, args...))
				c.Env = append(os.Environ(), "ROLLCALL_TOKEN_127_0_0_1=bench")
				return c
			}
			if out, err := run("apply", "-auto-approve", "-parallelism=8").CombinedOutput(); err != nil {
				b.Fatalf("apply: %v\n%s", err, out)
			}
			for range b.N {
				reportRuns(b, 5, func() *exec.Cmd { return run("plan") }, hello)
			}
		})
	}
}

// sandboxAddress starts a sandbox and returns its base URL.
func sandboxAddress(b *testing.B) string {
	b.Helper()
	s, err := sandbox.Open(sandbox.Options{Token: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	address, err := s.Listen(b.Context(), "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	return address
}

// built builds a program as it is released and returns its path.
func built(b *testing.B, name, from string) string {
	b.Helper()
	bin := filepath.Join(b.TempDir(), name)
	c := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", bin, from)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		b.Fatalf("go build %s: %v\n%s", from, err, out)
	}
	return bin
}

func helloProgram(b *testing.B) string {
	name := filepath.Join(b.TempDir(), "hello.go")
	if err := os.WriteFile(name, []byte("package main\n\nfunc main() { println(\"hello\") }\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	return name
}

func in(dir string, c *exec.Cmd) *exec.Cmd {
	c.Dir = dir
	return c
}

// reportRuns runs a command and hello in turn, and reports medians.
func reportRuns(b *testing.B, n int, command func() *exec.Cmd, hello string) {
	b.Helper()
	var took, cpu, floor []time.Duration
	peak := int64(0)
	for range n {
		c := command()
		took = append(took, timed(b, c))
		cpu = append(cpu, c.ProcessState.UserTime()+c.ProcessState.SystemTime())
		peak = max(peak, c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
		floor = append(floor, timed(b, exec.Command(hello)))
	}
	b.ReportMetric(median(took)*1e3, "ms")
	b.ReportMetric(median(cpu)*1e3, "cpu-ms")
	b.ReportMetric(median(took)/median(floor), "x-hello")
	b.ReportMetric(float64(peak)*1024/1e6, "peak-MB")
	b.ReportMetric(0, "ns/op")
}

func timed(b *testing.B, c *exec.Cmd) time.Duration {
	b.Helper()
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	began := time.Now()
	if err := c.Run(); err != nil {
		b.Fatalf("%s: %v\n%s", strings.Join(c.Args, " "), err, &out)
	}
	return time.Since(began)
}

func median(all []time.Duration) float64 {
	slices.Sort(all)
	return all[len(all)/2].Seconds()
}
