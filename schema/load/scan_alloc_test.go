package load

import "testing"

func TestScanAllocatesNothingForItsContent(t *testing.T) {
	src := []byte(repeatLines("user \"x\" {\n  a = [\"${y[0]}\", <<E\nE\n  ]\n}\n", 1000))
	if got := testing.AllocsPerRun(10, func() { scan(src, 64, nil) }); got > 2 {
		t.Errorf("scan made %v allocations, want at most 2", got)
	}
}
