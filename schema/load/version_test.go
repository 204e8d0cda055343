package load

import (
	"testing"
	"testing/fstest"
)

func TestRequiredVersionIsHeldAgainstReleasesAlone(t *testing.T) {
	t.Parallel()
	tests := []struct {
		version, required string
		fits              bool
	}{
		{"0.4.2", ">= 0.4, < 1", true},
		{"v0.4.2", "~> 0.4.0", true},
		{"0.4.2", ">= 1", false},
		{"0.4.2", "!= 0.4.2", false},
		{"", ">= 99", true},
		{"devel", ">= 99", true},
		{"582046c", ">= 99", true},
		{"5820461", "< 2", true}, // a commit, of digits alone
	}
	for _, tt := range tests {
		fsys := fstest.MapFS{"a.hcl": {Data: []byte("rollcall {\n  required_version = \"" + tt.required + "\"\n}\n")}}
		_, _, diags := Load(fsys, Options{Version: tt.version})
		if got := !diags.HasErrors(); got != tt.fits {
			t.Errorf("%q fits %q: %t, want %t", tt.version, tt.required, got, tt.fits)
		}
	}
}
