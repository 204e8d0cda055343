package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
)

// drift writes what was changed outside, whatever the configuration says.
func (p *page) drift(drifts []planner.Drift) {
	if len(drifts) == 0 {
		return
	}
	p.line()
	p.line("Objects have changed outside of rollcall since its last apply:")
	for i := range drifts {
		p.driftBlock(&drifts[i])
	}
	p.line()
	p.line(p.style.paint(faint, strings.Repeat("─", p.style.columns())))
}

// driftBlock writes one object that was changed outside.
func (p *page) driftBlock(d *planner.Drift) {
	what, m := driftPhrase(d.What)
	p.line()
	p.line("  ", p.style.paint(bold, "# "+string(d.Kind)+" "+quote(d.Name)+" "+what))
	p.aside("app." + Terminal(d.App) + ", " + Terminal(d.Key))
	head := "  " + p.style.paint(m.colour(), string(m)) + " " + string(d.Kind) + " " + quote(d.Name)
	body := detail{page: p, whole: m, attributes: pair(d.Before, d.After), members: d.Members}
	body.under(head)
}

// driftPhrase says what happened, and how it is drawn.
func driftPhrase(what string) (string, mark) {
	switch what {
	case "deleted":
		return "was deleted outside of rollcall", markDestroy
	case "renamed":
		return "was renamed outside of rollcall", markChange
	case "member-added":
		return "got members outside of rollcall", markChange
	case "member-removed":
		return "lost members outside of rollcall", markChange
	case "unknown":
		return "cannot be compared: the target does not show it", markChange
	}
	return "was changed outside of rollcall", markChange
}

// groupOf names a group of one app.
type groupOf struct{ app, name string }

// withheldCounts counts the withheld members of each group.
func withheldCounts(all []planner.Withheld) map[groupOf]int {
	n := make(map[groupOf]int)
	for i := range all {
		n[groupOf{all[i].App, all[i].Group}]++
	}
	return n
}

// withheldShown is how many withheld members of one group are named: whoever
// reads on would miss the rest of the plan. The JSON document has them all.
const withheldShown = 50

// withheld writes who is in a pushed group and yet not pushed, and which
// condition is missing.
func (p *page) withheld(all []planner.Withheld) {
	if len(all) == 0 {
		return
	}
	counts := withheldCounts(all)
	p.line()
	p.line(p.style.paint(bold, "Withheld members"), ": in a pushed group, but not pushed")
	var group groupOf
	shown := 0
	for i := range all {
		w := &all[i]
		if g := (groupOf{w.App, w.Group}); i == 0 || g != group {
			group, shown = g, 0
			p.line()
			p.line("  group ", quote(w.Group), " in ", Terminal("app."+w.App))
		}
		switch shown++; {
		case shown <= withheldShown:
			p.wrapped("    ", "      ", Terminal(w.Login)+": "+missingText(w.Missing)+place(w.Origin))
		case shown == withheldShown+1:
			p.line("    and ", strconv.Itoa(counts[group]-withheldShown), " more; plan -json-into=FILE lists them all")
		}
	}
}

// missingText says which condition does not hold.
func missingText(missing string) string {
	switch missing {
	case "assigned":
		return "not assigned to the app"
	case "active":
		return "the account is not active"
	case "present":
		return "has no account there and gets none"
	}
	return "not " + Prose(missing)
}

// held writes the objects that an error of their own holds back.
func (p *page) held(all []planner.Held) {
	if len(all) == 0 {
		return
	}
	p.line()
	p.line(p.style.paint(bold, "Held back"), ": each by an error of its own, everything else goes on")
	p.line()
	for i := range all {
		h := &all[i]
		p.wrapped("  ! ", "    ", fmt.Sprintf("%s %s in %s [%s]",
			h.Kind, quote(h.Name), Terminal("app."+h.App), h.Code))
	}
}

// guards writes what each guard counted.
func (p *page) guards(all []planner.GuardResult) {
	if len(all) == 0 {
		return
	}
	app, code := 0, 0
	for i := range all {
		app, code = max(app, cells(Terminal(all[i].App))), max(code, len(all[i].Code))
	}
	p.line()
	for i := range all {
		g := &all[i]
		verdict := p.style.paint(green, "ok")
		if g.Blocked {
			verdict = p.style.paint(red, "blocked")
		}
		p.line("Guard: ", pad(Terminal(g.App), app), "  ", pad(string(g.Code), code), "  ", guardCount(g, Terminal), "  ", verdict)
		if g.Waiver != "" {
			p.wrapped("  ", "    ", "by "+Terminal(string(g.Waiver))+waiverEnd(g)+": "+Terminal(g.Reason))
		}
	}
}

// waiverEnd says until when the waiver of g is in force.
func waiverEnd(g *planner.GuardResult) string {
	if g.Expires.IsZero() {
		return ""
	}
	return " until " + g.Expires.UTC().Format(time.RFC3339)
}

// guardCount says how much of what is allowed is used, or which object is
// protected, in the form that escape gives names.
func guardCount(g *planner.GuardResult, escape func(string) string) string {
	if g.Code == "protected" && g.Object != "" {
		return escape(g.Object)
	}
	if g.Code == "directory-stale" {
		return ageText(g) + ", " + durationText(time.Duration(g.Allowed)*time.Minute) + " allowed"
	}
	if g.Owned == 0 {
		return fmt.Sprintf("%d of %d allowed", g.Count, g.Allowed)
	}
	return fmt.Sprintf("%d of %d allowed, %d owned", g.Count, g.Allowed, g.Owned)
}

// ageText says how old a directory is that a guard is about.
func ageText(g *planner.GuardResult) string {
	if g.Count == 0 {
		return "age not known"
	}
	return durationText(time.Duration(g.Count)*time.Minute) + " old"
}

// verdict writes the last lines: the count that tools read, and what it is made of.
func (p *page) verdict(plan *planner.Plan) {
	p.line()
	if plan.Empty() {
		p.line(p.style.paint(bold, "No changes."), " Everything is as declared.")
		p.fingerprint(plan)
		p.caveat(plan)
		return
	}
	s := &plan.Summary
	p.line(p.style.paint(bold, "Plan:"),
		fmt.Sprintf(" %d to add, %d to change, %d to destroy.", s.Add, s.Change, s.Destroy))
	p.counts("users", actionCounts(s.Users))
	p.counts("groups", actionCounts(s.Groups))
	p.counts("memberships", memberCounts(s.Members))
	if len(plan.Held) > 0 {
		p.counts("held back", count(len(plan.Held), "object"))
	}
	p.counts("requests", requests(s))
	p.fingerprint(plan)
	p.caveat(plan)
}

// caveat says why a plan cannot be applied, where that is so.
func (p *page) caveat(plan *planner.Plan) {
	switch {
	case !plan.Complete:
		p.line()
		p.lead(yellow, "Offline:", "the targets were not read, so this plan shows what follows from the "+
			"configuration and the last apply. It cannot be applied.")
	case !plan.Applyable:
		p.line()
		p.lead(red, "Blocked:", "this plan cannot be applied, and nothing will be written. "+
			"The guards and findings above say why.")
	}
}

// counts writes one line under the summary.
func (p *page) counts(what, text string) {
	if text != "" {
		p.wrapped("  "+pad(what, 13), strings.Repeat(" ", 15), text)
	}
}

// actionOrder is how actions are counted out.
var actionOrder = [...]planner.Action{
	planner.Create, planner.AdoptIt, planner.Update, planner.Reactivate,
	planner.Deactivate, planner.Empty, planner.Delete, planner.Release,
}

// actionCounts writes "1 create, 2 update".
func actionCounts(n map[planner.Action]int) string {
	var parts []string
	for _, a := range actionOrder {
		if n[a] > 0 {
			parts = append(parts, strconv.Itoa(n[a])+" "+string(a))
		}
	}
	return strings.Join(parts, ", ")
}

// memberCounts writes "1 add, 2 remove".
func memberCounts(m planner.MemberCount) string {
	parts := []string{strconv.Itoa(m.Add) + " add", strconv.Itoa(m.Remove) + " remove"}
	parts = slices.DeleteFunc(parts, func(s string) bool { return strings.HasPrefix(s, "0 ") })
	return strings.Join(parts, ", ")
}

// requests says what the plan costs, in time where the target's rate is known.
func requests(s *planner.Summary) string {
	if s.Requests == 0 {
		return "none"
	}
	text := "about " + strconv.Itoa(s.Requests)
	if s.Rate <= 0 {
		return text
	}
	took := time.Duration(float64(s.Requests) / s.Rate * float64(time.Second))
	return text + ", " + durationText(took) + " at " + strconv.FormatFloat(s.Rate, 'f', -1, 64) + "/s"
}

// fingerprint writes the plan's name, on a line of its own where it is long.
func (p *page) fingerprint(plan *planner.Plan) {
	if plan.Fingerprint == "" {
		return
	}
	const label = "Fingerprint:"
	if len(label)+1+len(plan.Fingerprint) <= p.style.columns() {
		p.line(label, " ", Terminal(plan.Fingerprint))
		return
	}
	p.line(label)
	p.line("  ", Terminal(plan.Fingerprint))
}
