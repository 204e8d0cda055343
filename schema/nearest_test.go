package schema

import (
	"slices"
	"testing"
)

func TestNearestOffersOnlyWhatIsClose(t *testing.T) {
	t.Parallel()
	names := []string{"user.alice", "user.bob", "user.alicia", "Engineering", "login", "max_removals", "abcdefghWXYZ"}
	for _, tt := range []struct{ name, want string }{
		{"user.alcie", "user.alice"},
		{"user.alice", "user.alice"},
		{"user.bop", "user.bob"},
		{"engineerin", "Engineering"},
		{"lgoin", "login"}, // two letters swapped are one slip
		{"max_removlas_", "max_removals"},
		{"abcdefghijkl", ""}, // never more than three letters off
		{"user.zacharias", ""},
		{"", ""},
	} {
		if got := Nearest(tt.name, slices.Values(names)); got != tt.want {
			t.Errorf("Nearest(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}
