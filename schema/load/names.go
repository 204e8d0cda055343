package load

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/rollcall-dev/rollcall/schema"
)

// roots are the names that an expression may begin with.
var roots = []string{"var", "local", "user", "group", "app", "target", "directory", "each", "path", "principal", "effective", "plan"}

// provide puts what one use of a name reads into names, or says why it cannot.
func (l *loader) provide(names namespace, use hcl.Traversal, sc scope) bool {
	if sc.constant {
		l.add(finding(codeInvalidExpression, origin(use.SourceRange()), "Value is not constant",
			"The value of a variable is written out; it cannot name other values."))
		return false
	}
	switch use.RootName() {
	case "var", "local":
		return l.provideValue(names, use, sc)
	case "user", "group":
		if len(use) == 1 {
			return l.provideAll(names, use)
		}
		return l.provideBlock(names, use, 1)
	case "app":
		return l.provideBlock(names, use, 1)
	case "target":
		return l.provideBlock(names, use, 2)
	case "directory":
		return l.checkDirectory(use)
	case "each":
		return l.provideEach(names, use, sc)
	case "path":
		names.set("path", "root", cty.StringVal("."))
		return true
	case "principal":
		if sc.principal {
			return true
		}
		l.add(finding(codeUnknownReference, origin(use.SourceRange()), "principal is not available here",
			"principal is the person that a rule or a mapping is evaluated for. It can be named in the condition of a rule, and in username and attributes of an app."))
		return false
	case "effective", "plan":
		return l.checkFacts(use, sc)
	}
	return l.unknownRoot(use)
}

func (l *loader) unknownRoot(use hcl.Traversal) bool {
	name := use.RootName()
	suggestion := nearest(name, roots)
	d := finding(codeUnknownReference, origin(use.SourceRange()), "Unknown name",
		fmt.Sprintf("No value is called %q.%s A text is written in quotes.", name, didYouMean(suggestion)))
	d.Suggestion = suggestion
	l.add(d)
	return false
}

// provideValue serves var.x and local.x.
func (l *loader) provideValue(names namespace, use hcl.Traversal, sc scope) bool {
	root := use.RootName()
	step, ok := stepName(use)
	if !ok {
		l.add(finding(codeInvalidExpression, origin(use.SourceRange()), "Name is not complete",
			fmt.Sprintf("%s is no value by itself; name one of its values, as in %s.name.", root, root)))
		return false
	}
	var v cty.Value
	switch {
	case root == "local":
		v, ok = l.local(step, use)
	case sc.variable == step:
		v, ok = sc.value, true
	default:
		v, ok = l.variable(step, use)
	}
	if ok {
		names.set(root, step, v)
	}
	return ok
}

// stepName returns the name behind the first dot.
func stepName(use hcl.Traversal) (string, bool) {
	if len(use) < 2 {
		return "", false
	}
	attr, ok := use[1].(hcl.TraverseAttr)
	return attr.Name, ok
}

func (l *loader) provideEach(names namespace, use hcl.Traversal, sc scope) bool {
	if sc.instances {
		return true // the element is known when the facts are
	}
	if sc.each == cty.NilVal {
		l.add(finding(codeUnknownReference, origin(use.SourceRange()), "each is not available here",
			"each stands for the element of for_each, and this block has no for_each."))
		return false
	}
	names.set("each", whole, sc.each)
	return true
}

// provideBlock serves user.x, group.x, app.x and target.d.x.
func (l *loader) provideBlock(names namespace, use hcl.Traversal, labels int) bool {
	base, _ := addressOf(use[:min(len(use), labels+1)], labels)
	if base == "" {
		l.add(finding(codeInvalidExpression, origin(use.SourceRange()), "Name is not complete",
			fmt.Sprintf("%s is no value by itself; name a block, as in %s.name.", use.RootName(), use.RootName())))
		return false
	}
	if d := l.declared[base]; d != nil && !l.expand(d, origin(use.SourceRange())) {
		return false
	}
	if full, _ := addressOf(use, labels); full != base && !l.known(full) {
		l.addUnknown(full, origin(use.SourceRange()))
		return false
	}
	v, ok := l.blockValue(base, use)
	if !ok || !l.checkAttribute(use, labels) {
		return false
	}
	step, _ := stepName(use)
	if labels == 1 {
		names.set(use.RootName(), step, v)
		return true
	}
	// target.dialect.name: an object of objects.
	inner := map[string]cty.Value{}
	if before, ok := names[use.RootName()][step]; ok {
		inner = before.AsValueMap()
	}
	inner[use[2].(hcl.TraverseAttr).Name] = v
	names.set(use.RootName(), step, cty.ObjectVal(inner))
	return true
}

// checkAttribute makes sure that the attribute of a reference like
// user.alice.title is one that people have.
func (l *loader) checkAttribute(use hcl.Traversal, labels int) bool {
	_, rest := addressOf(use, labels)
	if use.RootName() != "user" || len(rest) == 0 {
		return true
	}
	attr, ok := rest[0].(hcl.TraverseAttr)
	if !ok || slices.Contains(principalNames, attr.Name) {
		return true
	}
	if d := l.declared[schema.Address("user."+use[1].(hcl.TraverseAttr).Name)]; d != nil && d.repeated && len(use) == 3 {
		return true // a key of for_each, written as user.team.key
	}
	suggestion := nearest(attr.Name, principalNames)
	d := finding(codeUnknownAttribute, origin(attr.SrcRange), "Unknown attribute",
		fmt.Sprintf("A user has no attribute %q.%s Attributes outside Okta's base profile are in custom.", attr.Name, didYouMean(suggestion)))
	d.Suggestion = suggestion
	l.add(d)
	return false
}

// checkDirectory makes sure that the directory of a reference is declared, and
// that the reference is one.
func (l *loader) checkDirectory(use hcl.Traversal) bool {
	list, ok := directoryList(use)
	if !ok || len(use) > 5 {
		l.add(finding(codeInvalidExpression, origin(use.SourceRange()), "Name of a directory's entry is not complete",
			`Of a directory, people and groups can be named: directory.KIND.NAME.users["login"] and directory.KIND.NAME.groups["Name"]. What they hold is not known here.`))
		return false
	}
	if !l.known(list.directory) {
		l.addUnknown(list.directory, origin(use.SourceRange()))
		return false
	}
	return true
}

// maxSuggestions bounds how many unknown references get a suggestion: the
// search goes through all names.
const maxSuggestions = 50

// addUnknown reports a reference to a block that there is not.
func (l *loader) addUnknown(address schema.Address, at schema.Origin) {
	if l.incomplete {
		return // it may be declared in the file that does not parse
	}
	d := finding(codeUnknownReference, at, "Unknown "+address.Type(),
		fmt.Sprintf("There is no %s %s.", address.Type(), address.Name()))
	d.Object = string(address)
	if block := l.declared[address]; block != nil {
		d.Detail = fmt.Sprintf("%s has for_each: name one of its instances, as in %s[\"key\"].", address, address)
		l.add(d)
		return
	}
	if l.unknown++; l.unknown <= maxSuggestions {
		candidates := l.addresses(address.Type())
		if near := schema.Address(nearest(string(address), candidates)); near != "" {
			where, _ := l.place(near)
			d.Suggestion = string(near)
			d.Detail += fmt.Sprintf(" Did you mean %s (%s:%d)?", near, where.File, where.Line)
			d.Related = []schema.Related{{Origin: where, Message: string(near) + " is declared here."}}
		}
	}
	l.add(d)
}

// known reports whether a block or an instance of that address is declared.
func (l *loader) known(address schema.Address) bool {
	_, ok := l.place(address)
	_, given := l.given[address]
	return ok || given
}

// place returns where the block, or instance, of that address is declared.
func (l *loader) place(address schema.Address) (schema.Origin, bool) {
	if i, ok := l.plainUsers[address]; ok {
		return l.config.Users[i].Origin, true
	}
	if i, ok := l.plainGroups[address]; ok {
		return l.config.Groups[i].Origin, true
	}
	at, ok := l.origins[address]
	return at, ok
}

// addresses lists what is declared of one type, sorted.
func (l *loader) addresses(typ string) []string {
	var out []string
	for address := range l.origins {
		if address.Type() == typ {
			out = append(out, string(address))
		}
	}
	for _, plain := range []map[schema.Address]int{l.plainUsers, l.plainGroups} {
		for address := range plain {
			if address.Type() == typ {
				out = append(out, string(address))
			}
		}
	}
	slices.Sort(out)
	return out
}

// provideAll serves `user` and `group` as a whole: every instance by its name,
// as in user["alice"].
func (l *loader) provideAll(names namespace, use hcl.Traversal) bool {
	typ := use.RootName()
	all, ok := l.all[typ]
	if !ok {
		leave, entered := l.enter("every "+typ, origin(use.SourceRange()))
		if !entered {
			return false
		}
		defer leave()
		if all, ok = l.collect(typ, use); !ok {
			return false
		}
		l.all[typ] = all
	}
	names.set(wholes[typ], whole, all)
	return true
}

// collect evaluates all blocks of one type. People become a map, which is cheap
// to go through, if their custom attributes agree.
func (l *loader) collect(typ string, use hcl.Traversal) (cty.Value, bool) {
	values := map[string]cty.Value{}
	for _, it := range l.items[typ] {
		d := l.declared[it.address]
		at := origin(use.SourceRange())
		if !l.expand(d, at) || !l.evaluateInstances(d, at) {
			return cty.DynamicVal, false
		}
		for i, instance := range d.instances {
			values[instance.address.Name()] = d.values[i]
		}
	}
	for address, i := range l.plainUsers {
		if typ == "user" {
			values[address.Name()] = l.userValue(&l.config.Users[i])
		}
	}
	for address, i := range l.plainGroups {
		if typ == "group" {
			values[address.Name()] = groupValue(&l.config.Groups[i])
		}
	}
	return mapOrObject(values), true
}

// mapOrObject makes a map of values that have one type, and else an object.
func mapOrObject(values map[string]cty.Value) cty.Value {
	var first cty.Type
	for _, v := range values {
		if first != cty.NilType && !v.Type().Equals(first) {
			return cty.ObjectVal(values)
		}
		first = v.Type()
	}
	if len(values) == 0 {
		return cty.EmptyObjectVal
	}
	return cty.MapVal(values)
}
