package load

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/rollcall-dev/rollcall/schema"
)

// declaration is one block that can be named, and its instances once they are known.
type declaration struct {
	item     *item
	expanded bool
	// repeated tells a block with for_each.
	repeated  bool
	instances []*item
	// values are what references to the instances evaluate to, by position.
	values []cty.Value
	// users are the decoded people, by position; nil until decoded.
	users []*schema.User
}

// declare sorts the blocks by type, checks their form, and notes every address.
func (l *loader) declare(blocks []*hclsyntax.Block) {
	slices.SortStableFunc(blocks, func(a, b *hclsyntax.Block) int { return compareOrigins(headerOf(a), headerOf(b)) })
	for _, b := range blocks {
		spec := l.accept(b, language, "")
		if spec == nil {
			continue
		}
		it := &item{l: l, spec: spec, block: b}
		it.address = schema.Address(strings.Join(append([]string{b.Type}, b.Labels...), "."))
		if l.declareOnce(it) {
			l.items[b.Type] = append(l.items[b.Type], it)
		}
	}
}

// declareOnce notes the block's address; it reports false for the second block of one address.
func (l *loader) declareOnce(it *item) bool {
	address := it.address
	switch {
	case it.spec.Type == "rollcall":
		if len(l.items["rollcall"]) > 0 {
			l.addDuplicate("the rollcall block", l.items["rollcall"][0].origin(), it.origin())
			return false
		}
		return true
	case len(it.spec.Labels) == 0:
		return true
	}
	if first, ok := l.place(address); ok {
		l.addDuplicate(string(address), first, it.origin())
		return false
	}
	if first := l.declared[address]; first != nil {
		l.addDuplicate(string(address), first.item.origin(), it.origin())
		return false
	}
	l.declared[address] = &declaration{item: it}
	if !it.repeats() {
		l.origins[address] = it.origin()
	}
	return true
}

// expand finds the instances of a block: itself, or one for each element.
func (l *loader) expand(d *declaration, use schema.Origin) bool {
	if d.expanded {
		return true
	}
	if !d.item.repeats() {
		d.instances, d.expanded = []*item{d.item}, true
		return true
	}
	a := d.item.attr("for_each")
	leave, ok := l.enter("for_each of "+string(d.item.address), use)
	if !ok {
		return false
	}
	defer leave()
	d.repeated, d.expanded = true, true
	v, ok := l.value(a.Expr, d.item.scope)
	if !ok {
		return true
	}
	l.instantiate(d, v, origin(a.Expr.Range()))
	return true
}

// instantiate makes the instances for the elements of for_each.
func (l *loader) instantiate(d *declaration, v cty.Value, at schema.Origin) {
	typ := v.Type()
	isSet := typ.IsSetType() && typ.ElementType() == cty.String
	if v.ContainsMarked() || !isPlain(v) || !isSet && !typ.IsMapType() && !typ.IsObjectType() && v.CanIterateElements() || !v.CanIterateElements() {
		detail := "for_each takes a map, or a set of strings: write toset([…]) around a list of strings."
		if v.ContainsMarked() {
			detail = "A sensitive value cannot be used in for_each: the keys become part of addresses."
		}
		l.add(finding(codeWrongType, at, "Wrong type", detail))
		return
	}
	for it := v.ElementIterator(); it.Next(); {
		k, element := it.Element()
		if isSet {
			k = element
		}
		key, ok := plainText(k)
		if !ok {
			l.add(finding(codeWrongType, at, "Wrong type", "A key of for_each is a text and not null."))
			continue
		}
		instance := *d.item
		instance.address, instance.key, instance.instance = instanceAddress(d.item.address, key), key, true
		instance.scope.each = eachOf(key, element)
		d.instances = append(d.instances, &instance)
		l.origins[instance.address] = instance.origin()
	}
}

// instances returns all instances of all blocks of one type.
func (l *loader) instances(typ string) []*item {
	var out []*item
	for _, it := range l.items[typ] {
		d := l.declared[it.address]
		if l.expand(d, it.origin()) {
			out = append(out, d.instances...)
		}
	}
	return out
}

// blockValue returns what a reference to the block evaluates to: an object with
// its attributes, or for a block with for_each an object of these by key.
func (l *loader) blockValue(base schema.Address, use hcl.Traversal) (cty.Value, bool) {
	at := origin(use.SourceRange())
	d := l.declared[base]
	if d == nil {
		if v, ok := l.given[base]; ok {
			return v, true
		}
		if i, ok := l.plainUsers[base]; ok {
			return l.userValue(&l.config.Users[i]), true
		}
		if i, ok := l.plainGroups[base]; ok {
			return groupValue(&l.config.Groups[i]), true
		}
		l.addUnknown(base, at)
		return cty.DynamicVal, false
	}
	if !l.expand(d, at) || !l.evaluateInstances(d, at) {
		return cty.DynamicVal, false
	}
	if !d.repeated {
		return d.values[0], true
	}
	byKey := map[string]cty.Value{}
	for i, it := range d.instances {
		byKey[it.key] = d.values[i]
	}
	return cty.ObjectVal(byKey), true
}

// evaluateInstances computes the values of a block's instances.
func (l *loader) evaluateInstances(d *declaration, use schema.Origin) bool {
	if d.values != nil || len(d.instances) == 0 {
		return true
	}
	leave, ok := l.enter(string(d.item.address), use)
	if !ok {
		return false
	}
	defer leave()
	values := make([]cty.Value, len(d.instances))
	for i, it := range d.instances {
		values[i] = l.instanceValue(d, it, i)
	}
	d.values = values
	return true
}

func (l *loader) instanceValue(d *declaration, it *item, i int) cty.Value {
	switch it.spec.Type {
	case "user":
		if d.users == nil {
			d.users = make([]*schema.User, len(d.instances))
		}
		if d.users[i] == nil {
			d.users[i] = it.user()
		}
		return l.userValue(d.users[i])
	case "group":
		return groupValue(&schema.Group{Address: it.address, Name: it.groupName(), Description: it.text("description")})
	}
	return ref{typ: it.spec.Type, address: it.address}.value(map[string]cty.Value{"name": cty.StringVal(it.name())})
}

// repeats reports whether the block is to be repeated for each element of something.
func (it *item) repeats() bool {
	return it.spec.argument("for_each") != nil && it.attr("for_each") != nil
}
