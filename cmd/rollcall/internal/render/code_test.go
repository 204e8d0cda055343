package render

import (
	"io"
	"testing"

	"github.com/rollcall-dev/rollcall/schema"
)

func TestEveryCodeFitsEightyColumns(t *testing.T) {
	t.Parallel()
	for _, d := range schema.Codes() {
		wantNarrow(t, rendered(t, func(w io.Writer) error { return Code(w, d, Style{}) }), 80)
	}
	wantNarrow(t, rendered(t, func(w io.Writer) error { return Codes(w, schema.Codes(), Style{}) }), 80)
}

func TestCodeIsAsInItsGolden(t *testing.T) {
	t.Parallel()
	d, ok := schema.Code("push-member-unassigned").Doc()
	if !ok {
		t.Fatal("push-member-unassigned is not in the catalogue")
	}
	golden(t, "code.txt", rendered(t, func(w io.Writer) error { return Code(w, d, Style{}) }))
}
