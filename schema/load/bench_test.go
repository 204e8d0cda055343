package load

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/rollcall-dev/rollcall/schema"
)

// people writes n people with six attributes each, and one group for every ten
// people, each of eight members, in files of a thousand people.
func people(n int) (fstest.MapFS, []byte) {
	fsys := fstest.MapFS{}
	var whole strings.Builder
	for start := 0; start < n; start += 1000 {
		var b strings.Builder
		for i := start; i < min(n, start+1000); i++ {
			fmt.Fprintf(&b, "user \"user%06d\" {\n  login      = \"user%06d@example.com\"\n  first_name = \"First%d\"\n  last_name  = \"Last%d\"\n  department = \"Department %d\"\n  title      = \"Engineer %d\"\n}\n\n", i, i, i, i, i%50, i%7)
			if i%10 == 0 {
				fmt.Fprintf(&b, "group \"group%06d\" {\n  members = [", i)
				for m := range 8 {
					fmt.Fprintf(&b, "user.user%06d, ", (i+m*37)%n)
				}
				b.WriteString("]\n}\n\n")
			}
		}
		fsys[fmt.Sprintf("people%04d.hcl", start/1000)] = &fstest.MapFile{Data: []byte(b.String())}
		whole.WriteString(b.String())
	}
	return fsys, []byte(whole.String())
}

// BenchmarkLoad measures Load against one hclsyntax.ParseConfig of the same
// bytes in one file, in the same run.
func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("people=%d", n), func(b *testing.B) {
			benchmarkLoad(b, n)
		})
	}
}

func benchmarkLoad(b *testing.B, n int) {
	fsys, whole := people(n)
	var config *schema.Config
	b.ReportAllocs()
	b.SetBytes(int64(len(whole)))
	before := cpuTime()
	for b.Loop() {
		var diags schema.Diagnostics
		config, _, diags = Load(fsys, Options{})
		if diags.HasErrors() {
			b.Fatal(render(diags[:1]))
		}
	}
	own := (cpuTime() - before) / time.Duration(b.N)
	b.StopTimer()
	if len(config.Users) != n {
		b.Fatalf("%d people, want %d", len(config.Users), n)
	}
	before = cpuTime()
	if _, diags := hclsyntax.ParseConfig(whole, "whole.hcl", firstByte); diags.HasErrors() {
		b.Fatal(diags)
	}
	floor := cpuTime() - before
	b.ReportMetric(float64(own)/float64(floor), "cpu/ParseConfig")
	b.ReportMetric(float64(own.Microseconds())/float64(n), "µs-cpu/person")
}

// cpuTime is what this process has used of the processors.
func cpuTime() time.Duration {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	var user, system int64
	fmt.Sscan(fields[11], &user)
	fmt.Sscan(fields[12], &system)
	return time.Duration(user+system) * 10 * time.Millisecond
}
