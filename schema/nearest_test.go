package schema

import (
	"slices"
	"testing"
)

func TestNearestOffersOnlyWhatIsClose(t *testing.T) {
	t.Parallel()
	names := []string{"user.alice", "user.bob", "user.alicia", "Engineering"}
	for _, tt := range []struct{ name, want string }{
		{"user.alcie", "user.alice"},
		{"user.alice", "user.alice"},
		{"user.bop", "user.bob"},
		{"engineerin", "Engineering"},
		{"user.zacharias", ""},
		{"", ""},
	} {
		if got := Nearest(tt.name, slices.Values(names)); got != tt.want {
			t.Errorf("Nearest(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}
