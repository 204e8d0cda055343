package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/providers/sandbox"
)

// BenchmarkProcess measures whole processes, from start to end: the median of
// some runs, and as a ratio to a program that prints one line and was built in
// the same way, run in turn with it.
func BenchmarkProcess(b *testing.B) {
	bin := built(b, ".")
	hello, launch := built(b, "./testdata/hello"), built(b, "./testdata/launch")
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
			r := processes{launch: launch, hello: hello, dir: dir}
			for range b.N {
				r.report(b, row.runs, append([]string{bin}, row.args...)...)
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
	bin := built(b, ".")
	hello, launch := built(b, "./testdata/hello"), built(b, "./testdata/launch")
	for _, people := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint("people=", people), func(b *testing.B) {
			dir := b.TempDir()
			w := &world{people: people, dir: dir, service: sandboxAddress(b)}
			if err := w.write("csv"); err != nil {
				b.Fatal(err)
			}
			r := processes{launch: launch, hello: hello, dir: dir, env: []string{"ROLLCALL_TOKEN_127_0_0_1=bench"}}
			r.run(b, bin, "apply", "-auto-approve", "-parallelism=8")
			for range b.N {
				r.report(b, rounds, bin, "plan")
			}
		})
	}
}

// rounds are run for a figure of which the median is reported.
const rounds = 5

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
func built(b *testing.B, from string) string {
	b.Helper()
	bin := filepath.Join(b.TempDir(), "program")
	c := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", bin, from)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		b.Fatalf("go build %s: %v\n%s", from, err, out)
	}
	return bin
}

// launched is what one process took, as testdata/launch says.
type launched struct {
	Wall, CPU time.Duration
	Peak      int64
}

// processes runs a command and hello in turn, through launch.
type processes struct {
	launch, hello, dir string
	env                []string
}

// report runs the command n times and reports medians.
func (r *processes) report(b *testing.B, n int, command ...string) {
	b.Helper()
	var took, cpu, floor []time.Duration
	peak := int64(0)
	for range n {
		l := r.run(b, command...)
		took, cpu, peak = append(took, l.Wall), append(cpu, l.CPU), max(peak, l.Peak)
		floor = append(floor, r.run(b, r.hello).Wall)
	}
	b.ReportMetric(median(took)*1e3, "ms")
	b.ReportMetric(median(cpu)*1e3, "cpu-ms")
	b.ReportMetric(median(took)/median(floor), "x-hello")
	b.ReportMetric(float64(peak)/1e6, "peak-MB")
	b.ReportMetric(0, "ns/op")
}

func (r *processes) run(b *testing.B, command ...string) launched {
	b.Helper()
	c := exec.Command(r.launch, command...)
	c.Dir, c.Env, c.Stderr = r.dir, append(os.Environ(), r.env...), os.Stderr
	out, err := c.Output()
	if err != nil {
		b.Fatal(err)
	}
	var l launched
	if err := json.Unmarshal(out, &l); err != nil {
		b.Fatal(err)
	}
	return l
}

func median(all []time.Duration) float64 {
	slices.Sort(all)
	return all[len(all)/2].Seconds()
}
