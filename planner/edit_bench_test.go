package planner

import (
	"fmt"
	"testing"

	"github.com/rollcall-dev/rollcall/schema"
)

// BenchmarkExplain asks about one person of a company, who has the app through
// several groups, and about one who does not.
func BenchmarkExplain(b *testing.B) {
	d, found := Resolve(crowd(100_000))
	if found.HasErrors() {
		b.Fatal(found)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Explain(d, "person0012345@example.com", "app.x"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEdited makes a few edits of a company's people and groups.
func BenchmarkEdited(b *testing.B) {
	cfg, facts := crowd(100_000)
	var edits []Edit
	for i := range 10 {
		who := fmt.Sprintf("person%07d@example.com", i*9_999)
		edits = append(edits,
			Edit{Op: EditSet, Address: who, Argument: "status", Value: schema.Suspended},
			Edit{Op: EditAdd, Address: `directory.file.hr.groups["group-00007"]`, Value: who})
	}
	edits = append(edits, Edit{Op: EditRemove, Address: "person0000002@example.com"})
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Edited(cfg, facts, edits); err != nil {
			b.Fatal(err)
		}
	}
}
