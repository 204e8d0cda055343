package load

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/rollcall-dev/rollcall/schema"
)

// user decodes one person.
func (it *item) user() *schema.User {
	login, said := it.said("login")
	u := &schema.User{Address: it.address, ID: it.text("id"), Login: login, Origin: it.origin()}
	if said && strings.TrimSpace(login) == "" {
		it.invalid("login", "A login cannot be empty.")
	}
	if it.attr("status") != nil {
		status, _ := schema.ParseStatus(it.choice("status"))
		u.Status = status
	}
	for _, a := range baseAttributes {
		text, said := it.said(a.Name)
		if !said {
			continue
		}
		u.Profile = append(u.Profile, schema.Attribute{Name: a.Name, Value: text})
		it.checkLength(a, text)
	}
	u.Custom = it.custom()
	return u
}

// baseAttributes is Okta's base profile, which does not change.
var baseAttributes = schema.BaseAttributes()

func (it *item) checkLength(a schema.BaseAttribute, text string) {
	if d, tooLong := lengthFinding(a, text, it.at(a.Name)); tooLong {
		d.Object = string(it.address)
		it.l.add(d)
	}
}

func lengthFinding(a schema.BaseAttribute, text string, at schema.Origin) (schema.Diagnostic, bool) {
	if a.MaxLength == 0 || len(text) <= a.MaxLength || utf8.RuneCountInString(text) <= a.MaxLength {
		return schema.Diagnostic{}, false
	}
	d := finding(codeAttributeTooLong, at, "Attribute is longer than Okta allows",
		fmt.Sprintf("%s has %d characters; Okta's %s holds %d at most, and targets may cut or refuse it.", a.Name, utf8.RuneCountInString(text), a.Okta, a.MaxLength))
	d.Severity = schema.Warning
	return d, true
}

// custom decodes the custom attributes.
func (it *item) custom() []schema.CustomAttribute {
	v, ok := it.value("custom")
	if !ok {
		return nil
	}
	if !v.Type().IsObjectType() && !v.Type().IsMapType() {
		it.wrongType("custom", fmt.Sprintf("a map is needed here, and this is %s.", article(friendly(v))))
		return nil
	}
	var out []schema.CustomAttribute
	for name, element := range v.AsValueMap() {
		plain, err := plainValue(element)
		if err != nil {
			it.wrongType("custom", fmt.Sprintf("%s: %v.", name, err))
			continue
		}
		if plain != nil {
			out = append(out, schema.CustomAttribute{Name: name, Value: plain})
		}
	}
	slices.SortFunc(out, func(a, b schema.CustomAttribute) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// groupName is the group's name: what the block says, or its key or label.
func (it *item) groupName() string {
	name, said := it.said("name")
	switch {
	case said:
		return name
	case it.instance:
		return it.key
	}
	return it.name()
}

// group decodes one group.
func (it *item) group() schema.Group {
	g := schema.Group{Address: it.address, Name: it.groupName(), Description: it.text("description"), Origin: it.origin()}
	if strings.TrimSpace(g.Name) == "" {
		it.l.add(finding(codeInvalidValue, it.at("name"), "Value is not allowed", "A group's name cannot be empty."))
	}
	g.Members, g.MembersSaid = it.users("members")
	g.IncludeGroups, _ = it.groups("include_groups")
	for _, r := range it.nested("rule") {
		g.Rules = append(g.Rules, r.rule())
	}
	g.From = it.from()
	it.checkMembers()
	return g
}

// from decodes the group of a directory that this one is.
func (it *item) from() *schema.GroupRef {
	e, ok := it.one("from", "group")
	if !ok {
		return nil
	}
	if e.ref.directory == "" {
		it.invalid("from", "from takes a group of a directory, as in directory.file.hr.groups[\"Name\"]; for a group block, use include_groups.")
		return nil
	}
	from := e.ref.group(e.at)
	return &from
}

// checkMembers holds a group to saying who is in it, in one way.
func (it *item) checkMembers() {
	listed := it.given("members") || it.given("include_groups") || len(it.nested("rule")) > 0
	if it.given("from") {
		if listed {
			it.l.add(finding(codeReadOnlyGroup, origin(it.attr("from").NameRange), "Members of a directory's group",
				"from takes the whole group from a directory, so members, include_groups and rule cannot stand beside it. Leave one of the two out."))
		}
		return
	}
	if !listed {
		d := finding(codeNoMembers, it.origin(), "Group does not say who is in it",
			"A group has members, include_groups, a rule or from. A group with nobody in it says members = [].")
		d.Object = string(it.address)
		it.l.add(d)
	}
}

func (it *item) rule() schema.Rule {
	r := schema.Rule{Inactive: !it.truth("active"), Origin: it.origin()}
	r.Exclude, _ = it.users("exclude")
	if a := it.attr("condition"); a != nil {
		if c := it.l.compileCondition(a.Expr, it.scope); c != nil {
			r.Condition = c
		}
	}
	return r
}

// userValue is what a reference to a person evaluates to: an object of the same
// attributes for everyone, null where unset.
func (l *loader) userValue(u *schema.User) cty.Value {
	attributes := userAttributes(u)
	attributes["custom"] = l.shape.value(u.Custom)
	return ref{typ: "user", address: u.Address}.value(attributes)
}

// userAttributes are a person's attributes but custom, as `user.x` and `principal` show them.
func userAttributes(u *schema.User) map[string]cty.Value {
	attributes := make(map[string]cty.Value, len(baseAttributes)+5)
	for _, a := range baseAttributes {
		attributes[a.Name] = cty.NullVal(cty.String)
	}
	for _, a := range u.Profile {
		attributes[a.Name] = cty.StringVal(a.Value)
	}
	attributes["login"] = cty.StringVal(u.Login)
	attributes["status"] = cty.StringVal(u.Status.String())
	attributes["id"] = cty.NullVal(cty.String)
	if u.ID != "" {
		attributes["id"] = cty.StringVal(u.ID)
	}
	if email, ok := u.Email(); ok {
		attributes["email"] = cty.StringVal(email)
	}
	return attributes
}

func groupValue(g *schema.Group) cty.Value {
	return ref{typ: "group", address: g.Address}.value(map[string]cty.Value{
		"name": cty.StringVal(g.Name), "description": cty.StringVal(g.Description),
	})
}

// decodeUsers decodes every person of the configuration that is not decoded yet.
// From then on, all of them have one type in expressions.
func (l *loader) decodeUsers() {
	for _, it := range l.items["user"] {
		d := l.declared[it.address]
		if !l.expand(d, it.origin()) || !l.evaluateUsers(d) {
			continue
		}
		for _, u := range d.users {
			l.config.Users = append(l.config.Users, *u)
		}
	}
	l.shape = shapeOf(l.config.Users)
	delete(l.all, "user")
	for _, it := range l.items["user"] {
		l.declared[it.address].values = nil
	}
}

// evaluateUsers decodes the people of one block.
func (l *loader) evaluateUsers(d *declaration) bool {
	leave, ok := l.enter(string(d.item.address), d.item.origin())
	if !ok {
		return false
	}
	defer leave()
	if d.users == nil {
		d.users = make([]*schema.User, len(d.instances))
	}
	for i, it := range d.instances {
		if d.users[i] == nil {
			d.users[i] = it.user()
		}
	}
	return true
}

// literalUnset tells arguments that are written as null.
func literalUnset(expr hclsyntax.Expression) bool {
	literal, ok := unwrap(expr).(*hclsyntax.LiteralValueExpr)
	return ok && literal.Val.IsNull()
}
