package load

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/rollcall-dev/rollcall/schema"
)

// IsTest reports whether name is that of a file of tests.
func IsTest(name string) bool {
	return strings.HasSuffix(name, ".test.hcl") || strings.HasSuffix(name, ".test.hcl.json")
}

// Tests reads every file of tests below the root, in the order of their names,
// and adds what it read to Sources. A file that is wrong has findings, and the
// others are whole.
func (r *Loaded) Tests() []schema.TestFile {
	l := r.loader
	before := l.diags
	defer func() { l.diags = before }()
	l.diags = nil
	var out []schema.TestFile
	l.walk(IsTest, func(s source) {
		l.sources[s.name] = s.content
		out = append(out, l.testFile(s))
	})
	for _, d := range l.diags { // of files that could not be read
		out = append(out, schema.TestFile{Name: d.Origin.File, Findings: schema.Diagnostics{d}})
	}
	slices.SortStableFunc(out, func(a, b schema.TestFile) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// testFile decodes one file of tests.
func (l *loader) testFile(s source) schema.TestFile {
	before := l.diags
	defer func() { l.diags = before }()
	l.diags, l.spent, l.exhausted = nil, 0, false
	out := schema.TestFile{Name: s.name}
	p := parser{limits: l.opts.Limits}
	blocks, diags := p.parse(s.name, s.content)
	l.add(diags...)
	seen := map[string]*item{}
	for _, b := range blocks {
		spec := l.accept(b, testBlocks, " in a file of tests")
		if spec == nil {
			continue
		}
		it := &item{l: l, spec: spec, block: b, address: schema.Address("run." + b.Labels[0])}
		if first := seen[it.name()]; first != nil {
			l.addDuplicate("run "+quote(it.name()), first.origin(), it.origin())
			continue
		}
		seen[it.name()] = it
		out.Runs = append(out.Runs, it.run())
	}
	out.Findings = l.sorted()
	return out
}

// run decodes one test. Whoever is new in it can be referred to in it.
func (it *item) run() schema.Run {
	l := it.l
	l.given = map[schema.Address]cty.Value{}
	defer func() { l.given = nil }()
	r := schema.Run{Name: it.name(), Origin: it.origin()}
	given := it.nested("given")
	slices.SortStableFunc(given, func(a, b *item) int { return strings.Compare(b.block.Labels[0], a.block.Labels[0]) })
	seen := map[string]*item{}
	for _, g := range given { // people before groups, which may hold them
		address := schema.Address(strings.Join(g.block.Labels, "."))
		if first := seen[string(address)]; first != nil {
			l.addDuplicate("given "+quote(string(address)), first.origin(), g.origin())
			continue
		}
		seen[string(address)] = g
		switch g.block.Labels[0] {
		case "time":
			r.AsOf = g.time("at")
		case "user":
			r.Given = append(r.Given, g.givenUser(address))
		case "group":
			r.Given = append(r.Given, g.givenGroup(address))
		}
	}
	r.Assertions = it.assertions()
	r.ExpectFailures = it.expectFailures()
	return r
}

// givenUser decodes what is given of a person: everything that is said.
func (it *item) givenUser(address schema.Address) schema.Given {
	g := schema.Given{Address: address, Absent: it.truth("absent"), Origin: it.origin()}
	login, said := it.said("login")
	switch {
	case said:
		g.Set = append(g.Set, it.argument("login", login))
	case !it.l.known(address):
		it.l.add(finding(codeUnknownReference, it.origin(), "Unknown user",
			fmt.Sprintf("There is no user %s. Give a login: that of somebody in a directory, or of a new person.", address.Name())))
	}
	u := schema.User{Address: address, Login: login}
	if it.attr("status") != nil {
		status := it.choice("status")
		u.Status, _ = schema.ParseStatus(status)
		g.Set = append(g.Set, it.argument("status", status))
	}
	for _, name := range append([]string{"id"}, baseNames...) {
		if text, said := it.said(name); said {
			g.Set = append(g.Set, it.argument(name, text))
			u.Profile = append(u.Profile, schema.Attribute{Name: name, Value: text})
		}
	}
	u.Custom = it.custom()
	for _, a := range u.Custom {
		g.Set = append(g.Set, it.argument("custom."+a.Name, a.Value))
	}
	if !it.l.known(address) {
		it.l.given[address] = it.l.userValue(&u)
	}
	if g.Absent && len(g.Set) > 0 && it.l.known(address) {
		it.l.add(finding(codeConflicting, it.at("absent"), "Absent, and yet like something", "Who is absent has no attributes. Take absent or the other arguments out."))
	}
	return g
}

var baseNames = func() []string {
	var names []string
	for _, a := range baseAttributes {
		names = append(names, a.Name)
	}
	return names
}()

func (it *item) argument(name string, value any) schema.Argument {
	argument, _, _ := strings.Cut(name, ".")
	return schema.Argument{Name: name, Value: value, Origin: it.at(argument)}
}

// givenGroup decodes what is given of a group.
func (it *item) givenGroup(address schema.Address) schema.Given {
	g := schema.Given{Address: address, Absent: it.truth("absent"), Origin: it.origin()}
	if !it.l.known(address) {
		it.l.addUnknown(address, it.origin())
	}
	for _, name := range []string{"name", "description"} {
		if text, said := it.said(name); said {
			g.Set = append(g.Set, it.argument(name, text))
		}
	}
	if members, said := it.users("members"); said {
		g.Set = append(g.Set, it.argument("members", members))
	}
	if groups, said := it.groups("include_groups"); said {
		g.Set = append(g.Set, it.argument("include_groups", groups))
	}
	return g
}

// expectFailures decodes the policies that must fail.
func (it *item) expectFailures() []schema.PolicyRef {
	a := it.attr("expect_failures")
	if a == nil {
		return nil
	}
	tuple, ok := unwrap(a.Expr).(*hclsyntax.TupleConsExpr)
	if !ok {
		it.wrongType("expect_failures", "a list of policies is needed here, as in [policy.name].")
		return nil
	}
	var out []schema.PolicyRef
	for _, e := range tuple.Exprs {
		t, diags := hcl.AbsTraversalForExpr(e)
		at := origin(e.Range())
		if diags.HasErrors() || t.RootName() != "policy" || len(t) != 2 {
			it.l.add(finding(codeWrongType, at, "Wrong type", "An element of \"expect_failures\" is a policy, as in policy.name."))
			continue
		}
		name, _ := stepName(t)
		address := schema.Address("policy." + name)
		if it.l.declared[address] == nil {
			it.l.addUnknown(address, at)
			continue
		}
		out = append(out, schema.PolicyRef{Address: address, Origin: at})
	}
	return out
}
