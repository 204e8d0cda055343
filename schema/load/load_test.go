package load

import (
	"testing"
	"testing/fstest"
)

func TestLoadReportsSyntaxErrorsWithTheirPlace(t *testing.T) {
	t.Parallel()
	_, _, diags := Load(fstest.MapFS{"a/b.hcl": {Data: []byte("user \"x\" {\n  login = \n}\n")}}, Options{})
	if !diags.HasErrors() {
		t.Fatal("a file that does not parse gave no error")
	}
	if got, want := diags[0].Origin.File, "a/b.hcl"; got != want {
		t.Errorf("file of the finding = %q, want %q", got, want)
	}
	if got, want := diags[0].Origin.Line, uint32(2); got != want {
		t.Errorf("line of the finding = %d, want %d", got, want)
	}
}

func TestFormatIsCanonical(t *testing.T) {
	t.Parallel()
	got, diags := Format("a.hcl", []byte("user \"x\" {\nlogin=\"a\"\n}\n"))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if want := "user \"x\" {\n  login = \"a\"\n}\n"; string(got) != want {
		t.Errorf("Format = %q, want %q", got, want)
	}
}
