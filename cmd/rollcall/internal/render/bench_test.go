package render

import (
	"fmt"
	"io"
	"testing"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// largePlan creates n accounts.
func largePlan(n int) *planner.Plan {
	p := emptyPlan()
	for i := range n {
		name := fmt.Sprintf("user%07d@acme.com", i)
		p.Changes = append(p.Changes, planner.Change{
			ID: name, App: "twingate", Kind: planner.KindUser, Key: "user." + name, Name: name, Action: planner.Create, Wave: 2, Requests: 1,
			After:   []schema.Value{value("active", true), value("name.familyName", "Family"), value("name.givenName", "Given"), value("userName", name)},
			Reasons: []planner.Reason{{Code: "assigned-by-group", Text: "assigned by group.everyone", Origin: at("access.hcl", 12)}},
		})
	}
	return p
}

func BenchmarkPlanText(b *testing.B) {
	p := largePlan(10_000)
	b.ReportAllocs()
	for b.Loop() {
		if err := Plan(io.Discard, p, nil, Style{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(p.Changes)), "ns/change")
}

func BenchmarkPlanEvents(b *testing.B) {
	p := largePlan(10_000)
	b.ReportAllocs()
	for b.Loop() {
		s := NewEvents(io.Discard, fixedClock)
		if s.Plan(p); s.Err() != nil {
			b.Fatal(s.Err())
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(p.Changes)), "ns/change")
}
