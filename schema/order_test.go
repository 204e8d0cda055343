package schema_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/schema"
)

func TestOrderIsThatOfAStableSort(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		// Few letters, so that keys are equal, begin alike, and begin each other.
		key := rapid.StringOfN(rapid.RuneFrom([]rune{'a', 0, 'ü'}), 0, 12, -1)
		keys := rapid.SliceOfN(key, 0, 40).Draw(rt, "keys")
		prefix := rapid.SampledFrom([]string{"", "user."}).Draw(rt, "prefix")
		want := make([]int, len(keys))
		for i := range keys {
			keys[i], want[i] = prefix+keys[i], i
		}
		slices.SortStableFunc(want, func(a, b int) int { return strings.Compare(keys[a], keys[b]) })
		if got := schema.Order(len(keys), func(i int) string { return keys[i] }); !slices.Equal(got, want) {
			rt.Fatalf("%q: got %v, want %v", keys, got, want)
		}
	})
}
