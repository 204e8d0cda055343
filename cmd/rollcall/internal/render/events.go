package render

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/planfile"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/schema"
)

// Events writes the stream of `-json`: one JSON object a line, in the manner of
// Terraform's machine-readable UI. Every line has @level, @message, @module,
// @timestamp and type; what else it has depends on the type. It is for one
// goroutine at a time.
type Events struct {
	w   io.Writer
	now func() time.Time
	err error
}

// NewEvents returns a stream to w; now is the clock of its time stamps.
func NewEvents(w io.Writer, now func() time.Time) *Events { return &Events{w: w, now: now} }

// Err returns the first error of the stream. What follows it is not written.
func (s *Events) Err() error { return s.err }

// event is one line of the stream.
type event struct {
	Level      string           `json:"@level"`
	Message    string           `json:"@message"`
	Module     string           `json:"@module"`
	Timestamp  string           `json:"@timestamp"`
	Type       string           `json:"type"`
	Rollcall   string           `json:"rollcall,omitempty"`
	UI         string           `json:"ui,omitempty"`
	Change     json.RawMessage  `json:"change,omitempty"`
	Drift      *driftJSON       `json:"drift,omitempty"`
	Withheld   *withheldJSON    `json:"withheld,omitempty"`
	Finding    *diagnosticJSON  `json:"finding,omitempty"`
	Policy     *policyJSON      `json:"policy,omitempty"`
	Diagnostic *diagnosticJSON  `json:"diagnostic,omitempty"`
	Changes    *summaryJSON     `json:"changes,omitempty"`
	Apply      string           `json:"apply,omitempty"`
	Hook       *hookJSON        `json:"hook,omitempty"`
	Progress   *progressJSON    `json:"progress,omitempty"`
	Rejected   []rejectedJSON   `json:"rejected,omitempty"`
	Run        *testJSON        `json:"test_run,omitempty"`
	File       *testJSON        `json:"test_file,omitempty"`
	Tests      *testSummaryJSON `json:"test_summary,omitempty"`
	Error      string           `json:"error,omitempty"`
	Wait       float64          `json:"wait_seconds,omitempty"`
}

// summaryJSON counts objects, under Terraform's names.
type summaryJSON struct {
	Add         int    `json:"add"`
	Change      int    `json:"change"`
	Remove      int    `json:"remove"`
	Operation   string `json:"operation"`
	Requests    int    `json:"requests,omitempty"`
	Applyable   *bool  `json:"applyable,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
	// Saved is false where the state could not be saved at the end of an apply.
	Saved *bool `json:"saved,omitempty"`
}

// hookJSON says which change an event of an apply is about.
type hookJSON struct {
	ID       string  `json:"id"`
	App      string  `json:"app"`
	Kind     string  `json:"kind"`
	Key      string  `json:"key"`
	Name     string  `json:"name"`
	RemoteID string  `json:"remote_id,omitempty"`
	Action   string  `json:"action"`
	Elapsed  float64 `json:"elapsed_seconds"`
}

type progressJSON struct {
	Done    int     `json:"done"`
	Total   int     `json:"total"`
	Elapsed float64 `json:"elapsed_seconds"`
}

type rejectedJSON struct {
	Name   string `json:"name"`
	Detail string `json:"detail"`
}

type driftJSON struct {
	App      string         `json:"app"`
	Kind     string         `json:"kind"`
	Key      string         `json:"key"`
	Name     string         `json:"name"`
	RemoteID string         `json:"remote_id"`
	What     string         `json:"what"`
	Before   map[string]any `json:"before"`
	After    map[string]any `json:"after"`
	Members  membersJSON    `json:"members"`
}

type membersJSON struct {
	Add    []string `json:"add"`
	Remove []string `json:"remove"`
}

type withheldJSON struct {
	App     string `json:"app"`
	Group   string `json:"group"`
	Login   string `json:"login"`
	Missing string `json:"missing"`
	File    string `json:"file,omitempty"`
	Line    uint32 `json:"line,omitempty"`
}

// Version begins the stream: which rollcall writes it, and in which format.
func (s *Events) Version(version string) {
	s.write(event{Level: "info", Message: "rollcall " + version, Type: "version", Rollcall: version, UI: "1.0"})
}

// Plan writes a whole plan: changes in the form of the plan document, drift,
// withheld members, findings, and the summary.
func (s *Events) Plan(p *planner.Plan) {
	for i := range p.Changes {
		s.plannedChange(&p.Changes[i])
	}
	s.drifts(p.Drift)
	for i := range p.Withheld {
		s.withheld(&p.Withheld[i])
	}
	for i := range p.Findings {
		s.finding(&p.Findings[i])
	}
	for i := range p.Policies {
		s.policy(&p.Policies[i])
	}
	sum := &p.Summary
	s.write(event{Level: "info", Type: "change_summary",
		Message: fmt.Sprintf("Plan: %d to add, %d to change, %d to destroy.", sum.Add, sum.Change, sum.Destroy),
		Changes: &summaryJSON{Add: sum.Add, Change: sum.Change, Remove: sum.Destroy, Operation: "plan",
			Requests: sum.Requests, Applyable: &p.Applyable, Fingerprint: p.Fingerprint}})
}

// plannedChange writes one change of a plan.
func (s *Events) plannedChange(c *planner.Change) {
	encoded, err := planfile.AppendChange(nil, c)
	if err != nil {
		s.fail(fmt.Errorf("encode the change of %s %q: %w", c.Kind, c.Name, err))
		return
	}
	s.write(event{Level: "info", Type: "planned_change",
		Message: objectName(c) + ": Plan to " + string(c.Action), Change: encoded})
}

// Drift writes what was changed outside, and what would block its repair: the
// findings, and the policies that do not hold.
func (s *Events) Drift(p *planner.Plan) {
	s.drifts(p.Drift)
	if p.Applyable || len(p.Drift) == 0 {
		return
	}
	for _, d := range blocking(p.Findings) {
		s.finding(&d)
	}
	for i := range p.Policies {
		if r := &p.Policies[i]; !r.Passed && r.Severity == schema.Error {
			s.policy(r)
		}
	}
}

// drifts writes what was changed outside, one line an object.
func (s *Events) drifts(drifts []planner.Drift) {
	for i := range drifts {
		d := &drifts[i]
		what, _ := driftPhrase(d.What)
		s.write(event{Level: "info", Type: "drift",
			Message: string(d.Kind) + " " + quote(d.Name) + " " + what,
			Drift: &driftJSON{
				App: d.App, Kind: string(d.Kind), Key: d.Key, Name: d.Name, RemoteID: d.RemoteID, What: d.What,
				Before: valueMap(d.Before), After: valueMap(d.After),
				Members: membersJSON{Add: memberNames(d.Members.Add), Remove: memberNames(d.Members.Remove)},
			}})
	}
}

// withheld writes one member who is not pushed.
func (s *Events) withheld(w *planner.Withheld) {
	s.write(event{Level: "info", Type: "withheld",
		Message: "group " + quote(w.Group) + ": " + Terminal(w.Login) + " withheld: " + missingText(w.Missing),
		Withheld: &withheldJSON{App: w.App, Group: w.Group, Login: w.Login, Missing: w.Missing,
			File: w.Origin.File, Line: w.Origin.Line}})
}

// finding writes one finding of a plan.
func (s *Events) finding(d *schema.Diagnostic) {
	j := diagnosticOf(d, nil)
	s.write(event{Level: level(d.Severity), Type: "finding", Message: diagnosticMessage(d), Finding: &j})
}

// policy writes what became of one policy.
func (s *Events) policy(r *planner.PolicyResult) {
	out := event{Level: "info", Type: "policy", Message: Terminal(string(r.Address)) + ": " + policyVerdict(r), Policy: policyOf(r)}
	if !r.Passed {
		out.Level = level(r.Severity)
	}
	s.write(out)
}

// Diagnostics writes findings about what a person wrote, with the source where
// src has it.
func (s *Events) Diagnostics(all schema.Diagnostics, src map[string][]byte) {
	for i := range all {
		j := diagnosticOf(&all[i], src)
		s.write(event{Level: level(all[i].Severity), Type: "diagnostic", Message: diagnosticMessage(&all[i]), Diagnostic: &j})
	}
}

// Event writes an event of an apply. It may be given to it as its watcher.
func (s *Events) Event(e providers.Event) {
	out := event{Level: "info", Message: eventText(&e), Type: e.Type, Wait: e.Wait.Seconds()}
	if e.Change != nil {
		c := e.Change
		out.Hook = &hookJSON{ID: c.ID, App: c.App, Kind: string(c.Kind), Key: c.Key, Name: c.Name,
			RemoteID: cmp.Or(e.RemoteID, c.RemoteID), Action: string(c.Action), Elapsed: e.Elapsed.Seconds()}
	}
	switch e.Type {
	case providers.EventProgress:
		out.Progress = &progressJSON{Done: e.Done, Total: e.Total, Elapsed: e.Elapsed.Seconds()}
	case providers.EventErrored, providers.EventQuarantined:
		out.Level = "error"
	case providers.EventRetry:
		out.Level = "warn"
	}
	if e.Err != nil {
		out.Error = e.Err.Error()
	}
	for _, r := range e.Rejected {
		out.Rejected = append(out.Rejected, rejectedJSON{Name: r.Member.Name, Detail: r.Detail})
	}
	s.write(out)
}

// Result ends the stream of an apply with what was done of plan. r is nil where
// there was nothing to send; id names it in the audit log.
func (s *Events) Result(plan *planner.Plan, r *providers.Result, id string) {
	if r == nil {
		r = &providers.Result{}
	}
	words, ok := outcomeWords(plan, r)
	out := applySummary(plan, r, words, id)
	if !ok {
		out.Level = "warn"
	}
	s.write(out)
}

// Unsaved is [Events.Result] of an apply whose state could not be saved at the end.
func (s *Events) Unsaved(plan *planner.Plan, r *providers.Result, id string) {
	out := applySummary(plan, r, unsavedWords, id)
	out.Level, out.Changes.Saved = "error", new(bool)
	s.write(out)
}

// applySummary counts what an apply did.
func applySummary(plan *planner.Plan, r *providers.Result, words, id string) event {
	return event{Level: "info", Type: "change_summary", Message: words + " " + counts(r) + rest(plan, countStatuses(r)), Apply: id,
		Changes: &summaryJSON{Add: r.Added, Change: r.Changed, Remove: r.Destroyed, Operation: "apply"}}
}

// diagnosticMessage tells a finding in one line.
func diagnosticMessage(d *schema.Diagnostic) string {
	name, _ := severityText(d.Severity)
	return name + ": " + Prose(d.Summary) + place(d.Origin)
}

// level returns the log level of a severity.
func level(s schema.Severity) string {
	switch s {
	case schema.Error, schema.Guarded:
		return "error"
	case schema.Warning:
		return "warn"
	}
	return "info"
}

// write writes one line.
func (s *Events) write(e event) {
	if s.err != nil {
		return
	}
	e.Module, e.Timestamp = "rollcall", s.now().UTC().Format("2006-01-02T15:04:05.000000Z")
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		s.fail(fmt.Errorf("encode the event %s: %w", strconv.Quote(e.Type), err))
		return
	}
	if _, err := s.w.Write(jsonLine(line.Bytes())); err != nil {
		s.fail(fmt.Errorf("write the event stream: %w", err))
	}
}

// fail keeps the first error.
func (s *Events) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// valueMap turns values into an object by path.
func valueMap(values []schema.Value) map[string]any {
	m := make(map[string]any, len(values))
	for i := range values {
		m[values[i].Path] = values[i].Value
	}
	return m
}

// memberNames returns the names of members, never nil.
func memberNames(members []planner.Member) []string {
	names := make([]string, 0, len(members))
	for i := range members {
		names = append(names, members[i].Name)
	}
	return names
}
