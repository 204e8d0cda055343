package render

import (
	"slices"
	"strconv"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// mark is a symbol at the beginning of a block or line. The zero value is a
// blank, for what stays as it is.
type mark string

const (
	markAdd     mark = "+"
	markChange  mark = "~"
	markDestroy mark = "-"
	markRelease mark = "."
)

// legendOf explains the marks, in the order of the legend.
var legendOf = [...]struct {
	mark    mark
	meaning string
}{
	{markAdd, "create or add"},
	{markChange, "change in place"},
	{markDestroy, "deactivate, delete or remove"},
	{markRelease, "release: no longer ours, left as it is"},
}

// colour returns what m is painted with.
func (m mark) colour() colour {
	switch m {
	case markAdd:
		return green
	case markDestroy:
		return red
	case markChange:
		return yellow
	}
	return ""
}

// verb says how an action is drawn and told. A higher rank speaks for the
// object where several actions meet in it.
type verb struct {
	rank   int
	mark   mark
	phrase string
}

// verbOf returns how a is drawn. "will be created", "will be updated in-place"
// and "will be destroyed" are Terraform's words: tools find resources by them.
func verbOf(a planner.Action) verb {
	switch a {
	case planner.Delete:
		return verb{8, markDestroy, "will be destroyed"}
	case planner.Deactivate:
		return verb{7, markDestroy, "will be deactivated"}
	case planner.Empty:
		return verb{6, markDestroy, "will be emptied"}
	case planner.Release:
		return verb{5, markRelease, "will be released"}
	case planner.Create:
		return verb{4, markAdd, "will be created"}
	case planner.Reactivate:
		return verb{3, markChange, "will be reactivated"}
	case planner.AdoptIt:
		return verb{2, markChange, "will be adopted"}
	default:
		return verb{1, markChange, "will be updated in-place"}
	}
}

// object is everything that a plan does to one account or group of one app, as
// indices into the plan's changes. Most objects have a single change.
type object struct {
	first uint32
	more  []uint32
}

// objectsOf merges the changes of each object, apps in the order of their
// names, objects in the order of their first change.
func objectsOf(p *planner.Plan) []object {
	type id struct {
		app, key string
		kind     planner.Kind
	}
	objects := make([]object, 0, len(p.Changes))
	at := make(map[id]int, len(p.Changes))
	for i := range p.Changes {
		c := &p.Changes[i]
		k := id{c.App, c.Key, c.Kind}
		if n, seen := at[k]; seen {
			objects[n].more = append(objects[n].more, uint32(i))
			continue
		}
		at[k] = len(objects)
		objects = append(objects, object{first: uint32(i)})
	}
	slices.SortStableFunc(objects, func(a, b object) int {
		return compare(p.Changes[a.first].App, p.Changes[b.first].App)
	})
	return objects
}

// changes returns the changes of o.
func (o object) changes(p *planner.Plan) []*planner.Change {
	out := []*planner.Change{&p.Changes[o.first]}
	for _, i := range o.more {
		out = append(out, &p.Changes[i])
	}
	return out
}

// leading returns the change that speaks for the object.
func leading(changes []*planner.Change) *planner.Change {
	return slices.MaxFunc(changes, func(a, b *planner.Change) int {
		return verbOf(a.Action).rank - verbOf(b.Action).rank
	})
}

// legend explains the marks that the plan uses, and no others.
func (p *page) legend(plan *planner.Plan, objects []object) {
	if len(objects) == 0 {
		return
	}
	used := map[mark]bool{}
	for i := range plan.Changes {
		c := &plan.Changes[i]
		used[verbOf(c.Action).mark] = true
		used[markAdd] = used[markAdd] || len(c.Members.Add) > 0
		used[markDestroy] = used[markDestroy] || len(c.Members.Remove) > 0
		used[markChange] = used[markChange] || alters(c)
	}
	p.line()
	p.line("Actions are indicated with these symbols:")
	for _, l := range legendOf {
		if used[l.mark] {
			p.line("  ", p.style.paint(l.mark.colour(), string(l.mark)), " ", l.meaning)
		}
	}
}

// alters reports whether a line of c's block carries the mark of a change.
func alters(c *planner.Change) bool {
	if len(c.Before) == 0 || len(c.After) == 0 {
		return verbOf(c.Action).mark == markChange
	}
	return verbOf(c.Action).mark == markChange ||
		slices.ContainsFunc(pair(c.Before, c.After), func(a attribute) bool { return a.mark() == markChange })
}

// objects writes one block for each object, under a heading for each app.
func (p *page) objects(plan *planner.Plan, objects []object) {
	withheld := withheldCounts(plan.Withheld)
	app := ""
	for i, o := range objects {
		changes := o.changes(plan)
		if c := changes[0]; i == 0 || c.App != app {
			app = c.App
			p.line()
			p.line(actionsHeading(c))
		}
		p.block(changes, withheld)
	}
}

// actionsHeading introduces what happens in the app of c.
func actionsHeading(c *planner.Change) string {
	app := Terminal("app." + c.App)
	if c.ReportOnly {
		return "Rollcall only reports on " + app + " (mode = \"report\") and sends none of this:"
	}
	return "Rollcall will perform the following actions in " + app + ":"
}

// block writes one object: what happens to it, why, and in detail.
func (p *page) block(changes []*planner.Change, withheld map[groupOf]int) {
	c := leading(changes)
	v := verbOf(c.Action)
	body := detail{page: p, whole: v.mark, attributes: merged(changes), withheld: withheld[groupOf{c.App, c.Name}]}
	title := quote(c.Name)
	if from, to, renamed := body.takeRename(c.Kind); renamed {
		title = quote(from) + " -> " + quote(to)
	}
	for _, c := range changes {
		body.members.Add = append(body.members.Add, c.Members.Add...)
		body.members.Remove = append(body.members.Remove, c.Members.Remove...)
		body.unchanged = max(body.unchanged, unchanged(c))
	}
	p.line()
	p.line("  ", p.style.paint(bold, "# "+string(c.Kind)+" "+quote(c.Name)+" "+v.phrase))
	p.asides(c, changes)
	p.reasons(changes)
	body.under("  " + p.style.paint(v.mark.colour(), string(v.mark)) + " " + string(c.Kind) + " " + title)
}

// asides writes what the header leaves open: which object is adopted, that a
// rename keeps the id, that only the state changes.
func (p *page) asides(lead *planner.Change, changes []*planner.Change) {
	switch lead.Action {
	case planner.AdoptIt:
		p.aside("it exists already, id " + Terminal(lead.RemoteID) + ", and is ours from now on")
	case planner.Empty:
		p.aside("its members go, the group and its id stay")
	case planner.Release:
		p.aside("nothing is sent, the object stays as it is at the target")
	case planner.Delete:
		p.aside("what the target has bound to its id is lost")
	}
	if slices.ContainsFunc(changes, renamesGroup) {
		p.aside("renamed, id " + Terminal(lead.RemoteID) + " stays")
	}
	if slices.ContainsFunc(changes, stateAlone) {
		p.aside("a change of the state alone, nothing is sent")
	}
	if slices.ContainsFunc(changes, func(c *planner.Change) bool { return c.Drift }) {
		p.aside("repairs what was changed outside of rollcall")
	}
}

// renamesGroup reports whether c gives an existing group another name.
func renamesGroup(c *planner.Change) bool {
	from, _ := valueAt(c.Before, "displayName").(string)
	to, _ := valueAt(c.After, "displayName").(string)
	return c.Kind == planner.KindGroup && from != "" && to != "" && from != to
}

// stateAlone reports whether c is an update that the target hears nothing of.
func stateAlone(c *planner.Change) bool { return c.Action == planner.Update && c.Requests == 0 }

// reasons writes why, once each.
func (p *page) reasons(changes []*planner.Change) {
	seen := map[planner.Reason]bool{}
	for _, c := range changes {
		for _, r := range c.Reasons {
			if !seen[r] {
				seen[r] = true
				p.aside(reasonText(r))
			}
		}
	}
}

// aside writes a comment in brackets under the header of a block.
func (p *page) aside(text string) {
	for i, s := range wrap("("+text+")", p.style.columns()-5) {
		indent := "  # "
		if i > 0 {
			indent = "  #  "
		}
		p.line(p.style.paint(faint, indent+s))
	}
}

// reasonText returns a reason with its place.
func reasonText(r planner.Reason) string {
	if !r.Origin.Known() {
		return Prose(r.Text)
	}
	return Prose(r.Text) + ", " + spot(r.Origin)
}

// spot returns FILE:LINE.
func spot(o schema.Origin) string {
	if o.Line == 0 {
		return Terminal(o.File)
	}
	return Terminal(o.File) + ":" + strconv.FormatUint(uint64(o.Line), 10)
}

// place returns " (FILE:LINE)", or nothing where no place is known.
func place(o schema.Origin) string {
	if !o.Known() {
		return ""
	}
	return " (" + spot(o) + ")"
}
