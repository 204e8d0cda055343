package planner

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/schema"
)

func TestDiffNamesWaiversThatLetSomethingElsePass(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	waiver := func(limit float64, end time.Time, line uint32) schema.Waiver {
		return schema.Waiver{
			Address: "waiver.w", App: "app.vpn", Guard: "max-removals", Limit: schema.Limit{Value: limit}, Expires: end, Reason: "r",
			Origin: schema.Origin{File: "main.hcl", Line: line},
		}
	}
	resolved := func(waivers ...schema.Waiver) *Desired {
		cfg := &schema.Config{Apps: []schema.App{{Address: "app.vpn", Name: "vpn"}}, Waivers: waivers}
		d, _ := Resolve(cfg, Facts{AsOf: now})
		return d
	}
	later, past := now.Add(time.Hour), now
	said := WaiverChange{Address: "waiver.w", App: "vpn", Guard: "max-removals", Limit: "4", Expires: later, Reason: "r", Origin: schema.Origin{File: "main.hcl", Line: 1}}
	with := func(change func(*WaiverChange)) []WaiverChange {
		w := said
		change(&w)
		return []WaiverChange{w}
	}
	tests := map[string]struct {
		base, head *Desired
		want       []WaiverChange
	}{
		"declared":            {resolved(), resolved(waiver(4, later, 1)), with(func(w *WaiverChange) { w.Begins = true })},
		"declared and over":   {resolved(), resolved(waiver(4, past, 1)), with(func(w *WaiverChange) { w.Begins, w.Expired, w.Expires = true, true, past })},
		"taken away":          {resolved(waiver(4, later, 1)), resolved(), with(func(w *WaiverChange) { w.Ends = true })},
		"over, taken away":    {resolved(waiver(4, past, 1)), resolved(), nil},
		"raised":              {resolved(waiver(3, later, 2)), resolved(waiver(4, later, 1)), with(func(*WaiverChange) {})},
		"prolonged":           {resolved(waiver(4, past, 1)), resolved(waiver(4, later, 1)), with(func(*WaiverChange) {})},
		"moved in its file":   {resolved(waiver(4, later, 9)), resolved(waiver(4, later, 1)), nil},
		"over and still over": {resolved(waiver(3, past, 1)), resolved(waiver(4, past, 1)), nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Diff(tt.base, tt.head)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(got.Waivers, tt.want); d != "" {
				t.Errorf("waivers (-got +want):\n%s", d)
			}
			if got.Empty() != (tt.want == nil) {
				t.Errorf("the difference is empty: %t", got.Empty())
			}
		})
	}
}
