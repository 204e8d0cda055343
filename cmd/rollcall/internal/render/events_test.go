package render

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
)

func fixedClock() time.Time { return now }

// streamed returns what write puts into an event stream.
func streamed(t *testing.T, write func(*Events)) string {
	t.Helper()
	return rendered(t, func(w io.Writer) error {
		s := NewEvents(w, fixedClock)
		write(s)
		return s.Err()
	})
}

func TestEventStreamOfAPlanIsAsInItsGolden(t *testing.T) {
	t.Parallel()
	got := streamed(t, func(s *Events) {
		s.Version("1.2.3")
		s.Plan(mixedPlan())
		s.Plan(seedPlan())
		s.Diagnostics(findings()[:1], twingateSource)
	})
	golden(t, "events_plan.jsonl", got)
}

func TestEventStreamOfAnApplyIsAsInItsGolden(t *testing.T) {
	t.Parallel()
	got := streamed(t, func(s *Events) {
		for _, e := range applyEvents() {
			s.Event(e)
		}
		s.Result(emptyPlan(), applyResult(), "")
		s.Result(emptyPlan(), nil, "")
	})
	golden(t, "events_apply.jsonl", got)
}

func TestEveryLineOfTheStreamIsOneHarmlessObject(t *testing.T) {
	t.Parallel()
	got := streamed(t, func(s *Events) {
		s.Version(hostile)
		s.Plan(hostilePlan())
		s.Diagnostics(findings(), twingateSource)
	})
	wantHarmless(t, got)
	for line := range strings.Lines(got) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("line is no JSON object: %v\n%s", err, line)
		}
		for _, name := range []string{"@level", "@message", "@module", "@timestamp", "type"} {
			if text, ok := fields[name].(string); !ok || text == "" {
				t.Errorf("%s is missing in %s", name, line)
			}
		}
	}
}

func TestStreamStopsAtTheFirstError(t *testing.T) {
	t.Parallel()
	want := errors.New("pipe closed")
	s := NewEvents(failing{want}, fixedClock)
	s.Version("1")
	s.Plan(seedPlan())
	if !errors.Is(s.Err(), want) {
		t.Errorf("error is %v, want %v", s.Err(), want)
	}
}

func TestChangeThatIsNoJSONIsAnErrorOfTheStream(t *testing.T) {
	t.Parallel()
	p := &planner.Plan{Changes: slices.Clone(seedPlan().Changes)}
	p.Changes[0].After = append(p.Changes[0].After, value("zz", func() {}))
	s := NewEvents(io.Discard, fixedClock)
	s.Plan(p)
	if s.Err() == nil {
		t.Error("a value that JSON cannot hold is passed over in silence")
	}
}
