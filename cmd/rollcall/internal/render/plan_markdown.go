package render

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// PlanComment says how a plan is told in Markdown. The zero value is usable.
type PlanComment struct {
	// Root names the configuration where a repository has several; empty or "."
	// is not told.
	Root string
	// Marker is a line of ours to begin with, if any.
	Marker string
	// Summary allows [SummaryLimit] bytes instead of [MarkdownLimit] characters.
	Summary bool
	// Link returns the address of a place in the configuration, or nothing.
	Link func(schema.Origin) string
}

// mentions bounds how many of a kind are named one by one outside of the table.
const mentions = 20

// detailBytes is how much of a plan's text is kept to be shown folded; no
// comment has room for more.
const detailBytes = 1 << 20

// PlanMarkdown writes p for a comment or a summary: who loses access before all
// else, who gains, why, guards, withheld members, drift, findings, the whole
// plan folded, and last the fingerprint with the command that applies exactly
// this plan. What does not fit is cut from the end; the last lines stay.
func PlanMarkdown(w io.Writer, p *planner.Plan, o PlanComment) error {
	m := &planMarkdown{
		document:    o.document("`rollcall show` prints all of the plan file.", planLast(p)...),
		PlanComment: o, plan: p, access: planAccess(p),
	}
	if o.Marker != "" {
		m.line(o.Marker)
	}
	m.line("### ", m.title())
	m.alerts()
	m.changes()
	m.guards()
	m.policies()
	m.withheld()
	m.drift()
	m.held()
	m.findings()
	if err := m.whole(); err != nil {
		return err
	}
	return m.end(w)
}

// document begins the document.
func (o PlanComment) document(whole string, last ...string) *document {
	if o.Summary {
		return newDocumentOf(func(s string) int { return len(s) }, SummaryLimit, whole, last...)
	}
	return newDocument(MarkdownLimit, whole, last...)
}

// planMarkdown is a plan on its way into a comment.
type planMarkdown struct {
	*document
	PlanComment
	plan   *planner.Plan
	access accessOf
}

// PlanTitle says in one line what p comes to. It holds no name from outside but
// the root.
func PlanTitle(p *planner.Plan, root string) string {
	m := planMarkdown{PlanComment: PlanComment{Root: root}, plan: p, access: planAccess(p)}
	return m.title()
}

func (m *planMarkdown) title() string {
	title := "rollcall"
	if m.Root != "" && m.Root != "." {
		title += " " + briefCode(m.Root)
	}
	if m.plan.Empty() {
		title += ": no changes"
	} else {
		title += ": " + peopleText(m.access.lose, "loses access", "lose access") + ", " +
			peopleText(m.access.gain, "gains access", "gain access")
	}
	if !m.plan.Applyable {
		title += ", blocked"
	}
	return title
}

// alerts says what nobody may overlook.
func (m *planMarkdown) alerts() {
	if !m.plan.Complete {
		m.alert("NOTE", "**Offline**: the targets were not read. This is what follows from the configuration and the last apply, and it cannot be applied.")
	}
	if !m.plan.Applyable {
		m.alert("CAUTION", "**Blocked**: nothing of this can be applied. The guards and findings below say why.")
	}
	if len(m.access.losses) > 0 {
		m.alert("WARNING", m.lossText())
	}
}

// lossText names who loses access, or the groups that go where nobody does.
func (m *planMarkdown) lossText() string {
	kind, n, text := planner.KindUser, m.access.lose, peopleText(m.access.lose, "loses access", "lose access")
	if n == 0 {
		kind, n = planner.KindGroup, len(m.access.losses)
		text = count(n, "group") + " emptied or deleted"
	}
	var names []string
	for i := range m.access.losses {
		r := &m.access.losses[i]
		if name := briefCode(r.who); r.kind == kind && len(names) < mentions && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	text = "**" + text + "**: " + strings.Join(names, ", ")
	if n > len(names) {
		text += fmt.Sprintf(" and %d more", n-len(names))
	}
	return text
}

// alert writes a box as GitHub and GitLab have them.
func (m *planMarkdown) alert(kind, text string) {
	m.line()
	m.line("> [!", kind, "]")
	m.line("> ", text)
}

// changes writes the table, losses first.
func (m *planMarkdown) changes() {
	if len(m.plan.Changes) == 0 {
		m.line()
		m.line("Nothing changes at the targets.")
		return
	}
	m.table("", "who", "what", "why")
	for _, part := range []struct {
		sign string
		rows []accessRow
	}{{"➖", m.access.losses}, {"➕", m.access.gains}, {"🔁", m.access.others}} {
		for i := range part.rows {
			m.change(part.sign, &part.rows[i])
		}
	}
}

// change writes one row of the table.
func (m *planMarkdown) change(sign string, r *accessRow) {
	if m.full {
		m.skipped++
		return
	}
	who := briefCell(r.who)
	if r.kind == planner.KindGroup {
		who = "group " + who
	}
	m.row(sign, who+" in "+briefCell("app."+r.app), m.what(sign, r), m.reasons(r.reasons()))
}

// what says in a cell what is done to a person or group.
func (m *planMarkdown) what(sign string, r *accessRow) string {
	var parts []string
	reported := false
	for _, c := range r.what {
		parts = append(parts, actionText(c))
		reported = reported || c.ReportOnly
	}
	verb := "joins "
	if sign == "➖" {
		verb = "leaves "
	}
	for i, c := range r.in {
		if i == reasonsShown {
			parts = append(parts, fmt.Sprintf("and %d more", len(r.in)-i))
			break
		}
		parts = append(parts, verb+briefCell(c.Name))
		reported = reported || c.ReportOnly
	}
	if reported {
		parts = append(parts, "only reported, not sent")
	}
	return strings.Join(parts, ", ")
}

// actionText says what c does to the account or group itself.
func actionText(c *planner.Change) string {
	user := c.Kind == planner.KindUser
	switch c.Action {
	case planner.Create:
		if user {
			return "new account"
		}
		return "created"
	case planner.AdoptIt:
		return "exists already, is ours from now on"
	case planner.Reactivate:
		return "reactivated"
	case planner.Deactivate:
		return "deactivated"
	case planner.Empty:
		return "emptied"
	case planner.Delete:
		return "deleted"
	case planner.Release:
		return "released, stays as it is"
	}
	return updateText(c)
}

// updateText says what an update changes: paths alone, since the values are in
// the plan below.
func updateText(c *planner.Change) string {
	if stateAlone(c) {
		return "noted in the state alone"
	}
	if renamesGroup(c) {
		to, _ := valueAt(c.After, "displayName").(string)
		return "is called " + briefCell(to) + " from now on"
	}
	attributes := pair(c.Before, c.After)
	if len(attributes) == 0 {
		return "updated"
	}
	var paths []string
	for i, a := range attributes {
		if i == reasonsShown {
			paths = append(paths, fmt.Sprintf("%d more", len(attributes)-i))
			break
		}
		paths = append(paths, briefCell(strings.TrimPrefix(a.path, enterprise)))
	}
	return "changes " + strings.Join(paths, ", ")
}

// reasons writes why in a cell, with places.
func (m *planMarkdown) reasons(all []planner.Reason) string {
	texts := make([]string, len(all))
	for i, r := range all {
		texts[i] = briefCell(r.Text) + m.at(r.Origin)
	}
	return strings.Join(texts, ", ")
}

// at returns a place in brackets, with a link where there is one.
func (m *planMarkdown) at(o schema.Origin) string {
	if !o.Known() {
		return ""
	}
	text := inCell(codeSpan(spot(o)))
	if m.Link != nil {
		if address := m.Link(o); address != "" {
			text = "[" + text + "](" + address + ")"
		}
	}
	return " (" + text + ")"
}

// part begins a section of n entries and writes them with entry, up to a
// number that leaves room for what follows.
func (m *planMarkdown) part(title string, n int, entry func(i int) string) {
	if n == 0 {
		return
	}
	m.line()
	m.line("**", title, "**")
	m.line()
	for i := range min(n, mentions) {
		m.line("- ", entry(i))
	}
	if n > mentions {
		m.line("- and ", fmt.Sprint(n-mentions), " more")
	}
}

func (m *planMarkdown) guards() {
	// What blocks comes first: it must not be among those that are not named.
	guards := slices.Clone(m.plan.Guards)
	slices.SortStableFunc(guards, func(a, b planner.GuardResult) int {
		switch {
		case a.Blocked == b.Blocked:
			return 0
		case a.Blocked:
			return -1
		}
		return 1
	})
	m.part("Guards", len(guards), func(i int) string {
		g := &guards[i]
		verdict := "ok"
		if g.Blocked {
			verdict = "**blocked**"
		}
		text := briefCode(string(g.Code)) + " of " + briefCode("app."+g.App) + ": " + guardCount(g, briefCode) + ", " + verdict + m.at(g.Origin)
		if g.Waiver != "" {
			text += ", by " + briefCode(string(g.Waiver)+": "+g.Reason) + waiverEnd(g)
		}
		return text
	})
}

func (m *planMarkdown) policies() {
	all := slices.Clone(m.plan.Policies)
	slices.SortStableFunc(all, func(a, b planner.PolicyResult) int { return policyRank(&a) - policyRank(&b) })
	m.part("Policies", len(all), func(i int) string {
		r := &all[i]
		text := briefCode(r.Address.Name()) + ": "
		switch policyRank(r) {
		case 0:
			text += "**failed**"
		case 1:
			text += "failed (" + briefCode(string(r.Severity)) + ")"
		default:
			text += "ok"
		}
		text += m.at(r.Origin)
		for _, message := range r.Messages[:min(len(r.Messages), reasonsShown)] {
			text += ", " + briefCode(message)
		}
		return text
	})
}

// policyRank puts what blocks before what does not hold, and that before the rest.
func policyRank(r *planner.PolicyResult) int {
	switch {
	case r.Passed:
		return 2
	case r.Severity == schema.Error:
		return 0
	}
	return 1
}

func (m *planMarkdown) withheld() {
	all := m.plan.Withheld
	m.part("Withheld: in a pushed group, but not pushed", len(all), func(i int) string {
		w := &all[i]
		return briefCode(w.Login) + " from " + briefCode(w.Group) + " in " + briefCode("app."+w.App) + ": " + missingCell(w.Missing) + m.at(w.Origin)
	})
}

// missingCell is missingText as far as it is ours.
func missingCell(missing string) string {
	switch missing {
	case "assigned", "active", "present":
		return missingText(missing)
	}
	return "not " + briefCode(missing)
}

func (m *planMarkdown) drift() {
	all := m.plan.Drift
	m.part("Changed outside of rollcall", len(all), func(i int) string { return driftItem(&all[i]) })
}

// driftItem tells one drift.
func driftItem(d *planner.Drift) string {
	what, _ := driftPhrase(d.What)
	kind := "group"
	if d.Kind == planner.KindUser {
		kind = "user"
	}
	text := kind + " " + briefCode(d.Name) + " in " + briefCode("app."+d.App) + " " + what
	for _, side := range []struct {
		word    string
		members []planner.Member
	}{{"got", d.Members.Add}, {"lost", d.Members.Remove}} {
		if len(side.members) == 0 {
			continue
		}
		var names []string
		for i := range side.members[:min(len(side.members), reasonsShown)] {
			names = append(names, briefCode(side.members[i].Name))
		}
		text += ": " + side.word + " " + strings.Join(names, ", ")
		if more := len(side.members) - len(names); more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
	}
	return text
}

func (m *planMarkdown) held() {
	all := m.plan.Held
	m.part("Held back by an error of its own", len(all), func(i int) string {
		h := &all[i]
		return briefCode(h.Name) + " in " + briefCode("app."+h.App) + ": " + briefCode(string(h.Code))
	})
}

func (m *planMarkdown) findings() {
	order := map[schema.Severity]int{schema.Error: 0, schema.Guarded: 1, schema.Warning: 2}
	all := slices.DeleteFunc(slices.Clone(m.plan.Findings), func(d schema.Diagnostic) bool { return d.Severity == schema.Info })
	slices.SortStableFunc(all, func(a, b schema.Diagnostic) int { return order[a.Severity] - order[b.Severity] })
	m.part("Findings", len(all), func(i int) string {
		d := &all[i]
		text := briefCode(string(d.Severity)) + " " + briefCode(d.Summary) + m.at(d.Origin)
		if d.Detail != "" {
			text += ": " + briefCode(d.Detail)
		}
		return text + " [" + briefCode(string(d.Code)) + "]"
	})
}

// whole writes the plan as plan prints it, folded.
func (m *planMarkdown) whole() error {
	if m.plan.Empty() {
		return nil
	}
	var text bounded
	if err := Plan(&text, m.plan, nil, Style{}); err != nil {
		return err
	}
	m.fold("The whole plan")
	m.code(text.String())
	m.skipped += text.lost
	m.full = m.full || text.lost > 0
	m.unfold()
	return nil
}

// bounded keeps the beginning of what is written, and counts the lines of the rest.
type bounded struct {
	bytes.Buffer
	lost int
}

// Write takes all of p.
func (b *bounded) Write(p []byte) (int, error) {
	room := max(detailBytes-b.Len(), 0)
	if room >= len(p) {
		return b.Buffer.Write(p)
	}
	// A line is kept whole or not at all.
	room = max(bytes.LastIndexByte(p[:room], '\n')+1, 0)
	b.Buffer.Write(p[:room])
	b.lost += bytes.Count(p[room:], []byte("\n"))
	return len(p), nil
}

// planLast are the last lines of a plan's comment.
func planLast(p *planner.Plan) []string {
	commit := ""
	if p.Inputs.Config.Commit != "" {
		commit = ", commit " + briefCode(shortCommit(p.Inputs.Config.Commit))
		if p.Inputs.Config.Dirty {
			commit += " with changes"
		}
	}
	last := []string{"<sub>" + planCounts(p) + commit + ", as of " + p.AsOf.UTC().Format("2006-01-02 15:04 UTC") + "</sub>"}
	if !planner.IsFingerprint(p.Fingerprint) {
		return append(last, "", "Fingerprint: "+briefCode(p.Fingerprint))
	}
	last = append(last, "", "Fingerprint: `"+p.Fingerprint+"`")
	if p.Applyable && p.Complete && !p.Empty() {
		last = append(last, "", "```sh", "rollcall apply -expect="+p.Fingerprint, "```")
	}
	return last
}

// planCounts is what Plan ends with.
func planCounts(p *planner.Plan) string {
	if p.Empty() {
		return "No changes"
	}
	s := &p.Summary
	return fmt.Sprintf("Plan: %d to add, %d to change, %d to destroy", s.Add, s.Change, s.Destroy)
}
