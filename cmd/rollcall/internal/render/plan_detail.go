package render

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// attribute is one line of a block: a path and what happens to its value.
type attribute struct {
	path          string
	before, after any
	had, has      bool
}

// mark says what happens to the value.
func (a attribute) mark() mark {
	switch {
	case !a.had:
		return markAdd
	case !a.has:
		return markDestroy
	}
	return markChange
}

// merged returns what all changes of one object do to its values: from before
// the first change that touches a value to after the last one, so that a name
// that is only passed through does not show.
func merged(changes []*planner.Change) []attribute {
	if len(changes) == 1 {
		return pair(changes[0].Before, changes[0].After)
	}
	var all []attribute
	for _, c := range changes {
		for _, a := range pair(c.Before, c.After) {
			i := slices.IndexFunc(all, func(b attribute) bool { return a.path == b.path })
			if i < 0 {
				all = append(all, a)
				continue
			}
			all[i].after, all[i].has = a.after, a.has
		}
	}
	slices.SortFunc(all, func(a, b attribute) int { return compare(a.path, b.path) })
	return slices.DeleteFunc(all, attribute.same)
}

// same reports whether the value is the same before and after.
func (a attribute) same() bool { return a.had && a.has && valueText(a.before) == valueText(a.after) }

// pair merges two lists that are sorted by path. Values that stay the same are
// left out.
func pair(before, after []schema.Value) []attribute {
	var out []attribute
	for len(before) > 0 || len(after) > 0 {
		side := 0
		switch {
		case len(before) == 0:
			side = 1
		case len(after) == 0:
			side = -1
		default:
			side = compare(before[0].Path, after[0].Path)
		}
		var a attribute
		if side <= 0 {
			a.path, a.before, a.had, before = before[0].Path, before[0].Value, true, before[1:]
		}
		if side >= 0 {
			a.path, a.after, a.has, after = after[0].Path, after[0].Value, true, after[1:]
		}
		if !a.same() {
			out = append(out, a)
		}
	}
	return out
}

// compare orders strings.
func compare(a, b string) int { return cmp.Compare(a, b) }

// valueAt returns the value under path, or nil.
func valueAt(values []schema.Value, path string) any {
	for i := range values {
		if values[i].Path == path {
			return values[i].Value
		}
	}
	return nil
}

// valueText writes a value as HCL would.
func valueText(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return quote(v)
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return Prose(fmt.Sprint(v))
	}
	return Prose(strings.TrimSpace(text.String()))
}

const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"

// pathText shortens the one schema whose name alone would fill a line.
func pathText(path string) string {
	if rest, ok := strings.CutPrefix(path, enterprise); ok {
		return Terminal("enterprise:" + rest)
	}
	return Terminal(path)
}

// detail is the inside of a block.
type detail struct {
	*page
	// whole is the mark of the block; values of a new object are all new.
	whole      mark
	attributes []attribute
	members    planner.MemberChanges
	unchanged  int
	withheld   int
}

// takeRename takes the new name of a group out of the attributes: it is told in
// the block's head.
func (d *detail) takeRename(kind planner.Kind) (from, to string, renamed bool) {
	i := slices.IndexFunc(d.attributes, func(a attribute) bool { return a.path == "displayName" })
	if i < 0 || kind != planner.KindGroup {
		return "", "", false
	}
	from, _ = d.attributes[i].before.(string)
	to, _ = d.attributes[i].after.(string)
	if from == "" || to == "" {
		return "", "", false
	}
	d.attributes = slices.Delete(d.attributes, i, i+1)
	return from, to, true
}

// empty reports whether there is nothing to tell.
func (d *detail) empty() bool {
	return len(d.attributes) == 0 && len(d.members.Add) == 0 && len(d.members.Remove) == 0 && d.withheld == 0
}

// under writes the block with its head, without braces where nothing is inside.
func (d *detail) under(head string) {
	if d.empty() {
		d.line(head)
		return
	}
	d.line(head, " {")
	d.write()
	d.line("    }")
}

// maxAligned bounds the column of the equals signs: one long path must not
// push the values of all others off the screen.
const maxAligned = 30

// write writes attributes, then members.
func (d *detail) write() {
	column := 0
	for _, a := range d.attributes {
		if n := cells(pathText(a.path)); n <= maxAligned {
			column = max(column, n)
		}
	}
	for _, a := range d.attributes {
		d.attribute(a, column)
	}
	d.memberList()
}

// attribute writes one line, or two where both values do not fit in one.
func (d *detail) attribute(a attribute, column int) {
	m := a.mark()
	head := "      " + d.style.paint(m.colour(), string(m)) + " " + pad(pathText(a.path), column)
	indent := strings.Repeat(" ", 8+max(column, cells(pathText(a.path))))
	switch {
	case m == markAdd:
		d.line(head, " = ", valueText(a.after))
	case m == markDestroy:
		d.line(head, " = ", valueText(a.before), d.style.paint(faint, " -> null"))
	default:
		before, after := valueText(a.before), valueText(a.after)
		if cells(indent)+len(" =  -> ")+cells(before)+cells(after) <= d.style.columns() {
			d.line(head, " = ", before, d.style.paint(yellow, " -> "), after)
			return
		}
		d.line(head, " = ", before)
		d.line(indent, d.style.paint(yellow, " -> "), after)
	}
}

// memberList writes who joins and who leaves, and how many stay.
func (d *detail) memberList() {
	if len(d.members.Add)+len(d.members.Remove)+d.withheld == 0 {
		return
	}
	m := markChange
	if d.whole != markChange && (len(d.members.Add) == 0 || len(d.members.Remove) == 0) {
		m = d.whole
	}
	d.line("      ", d.style.paint(m.colour(), string(m)), " members = [")
	d.names(markAdd, d.members.Add)
	d.names(markDestroy, d.members.Remove)
	if d.unchanged > 0 {
		d.line("            ", d.style.paint(faint, "# ("+count(d.unchanged, "unchanged member")+")"))
	}
	if d.withheld > 0 {
		d.line("            ", d.style.paint(faint, "# ("+count(d.withheld, "member")+" withheld, see below)"))
	}
	d.line("        ]")
}

// names writes one line for each member.
func (d *detail) names(m mark, members []planner.Member) {
	for i := range members {
		d.line("          ", d.style.paint(m.colour(), string(m)), " ", Terminal(members[i].Name))
	}
}

// unchanged counts the members of ours that c leaves where they are.
func unchanged(c *planner.Change) int {
	removed := make(map[string]bool, len(c.Members.Remove))
	for i := range c.Members.Remove {
		removed[c.Members.Remove[i].RemoteID] = true
	}
	n := 0
	for _, id := range c.Link.KnownMembers {
		if !removed[id] {
			n++
		}
	}
	return n
}
