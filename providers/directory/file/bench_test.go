package file_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rollcall-dev/rollcall/providers/directory/file"
)

// roster is a CSV of n people: seven columns, and eight groups for each.
func roster(n int) []byte {
	var b bytes.Buffer
	b.WriteString("login,id,first_name,last_name,department,title,employee_number,groups\n")
	for i := range n {
		fmt.Fprintf(&b, "person%07d@acme.com,%d,First%d,Last%d,Department %d,Title %d,E%d,", i, 100000+i, i%5000, i%20000, i%300, i%120, i)
		for g := range 8 {
			fmt.Fprintf(&b, "Group %d;", (i*7+g*g*131)%10000)
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// lines is the same people as JSON lines.
func lines(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `{"login":"person%07d@acme.com","id":"%d","first_name":"First%d","department":"Department %d","groups":["Group %d","Group %d"]}`+"\n",
			i, 100000+i, i%5000, i%300, i%10000, (i+1)%10000)
	}
	return b.Bytes()
}

// BenchmarkRead prints, besides what reading costs, its ratio to encoding/csv
// over the same bytes in the same run, and bytes a person.
func BenchmarkRead(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("csv/%d", n), func(b *testing.B) { benchmarkRead(b, "hr.csv", roster(n), n) })
	}
	b.Run("jsonl/100000", func(b *testing.B) { benchmarkRead(b, "hr.jsonl", lines(100_000), 100_000) })
}

func benchmarkRead(b *testing.B, path string, content []byte, n int) {
	fsys := fstest.MapFS{path: {Data: content}}
	floor := floorOf(b, content)
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	b.ResetTimer()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for b.Loop() {
		readAll(b, fsys, path, n)
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(floor), "x/encoding-csv")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N*n), "B/person")
}

func readAll(b *testing.B, fsys fs.FS, path string, n int) {
	d, found := file.Read(fsys, block(path), file.Limits{})
	if len(found) > 0 || len(d.People) != n {
		b.Fatalf("read: %v", found)
	}
}

// floorOf is the time that encoding/csv takes for content.
func floorOf(b *testing.B, content []byte) time.Duration {
	start := time.Now()
	r := csv.NewReader(bytes.NewReader(content))
	r.ReuseRecord, r.LazyQuotes, r.FieldsPerRecord = true, true, -1
	for {
		_, err := r.Read()
		if err == io.EOF {
			return time.Since(start)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
