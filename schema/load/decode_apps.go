package load

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// app decodes one application.
func (it *item) app() schema.App {
	target, _ := it.one("target", "target")
	a := schema.App{
		Address: it.address, Name: it.name(), Target: target.ref.address, TargetOrigin: target.at,
		CreateOnly:      it.texts("create_only"),
		Provisioning:    schema.DefaultProvisioning,
		OnUnassign:      choiceOrZero[schema.OnUnassign](it, "on_unassign"),
		OnSuspended:     choiceOrZero[schema.OnSuspended](it, "on_suspended"),
		OnUnpush:        schema.OnUnpush(it.choice("on_unpush")),
		IgnoreUnmanaged: it.choice("unmanaged") == "ignore",
		ReportOnly:      it.choice("mode") == "report",
		Guard:           schema.DefaultGuard(),
		Origin:          it.origin(),
	}
	if u := it.attr("username"); u != nil && !literalUnset(u.Expr) {
		a.UserName = it.l.compileText(u.Expr, it.scope)
	}
	a.Attributes = it.mappings(&a)
	for _, p := range it.nested("provisioning") {
		a.Provisioning = schema.Provisioning{
			CreateUsers: p.truth("create_users"), UpdateUserAttributes: p.truth("update_user_attributes"), DeactivateUsers: p.truth("deactivate_users"),
		}
	}
	for _, g := range it.nested("guard") {
		a.Guard = g.guard()
	}
	return a
}

func (it *item) guard() schema.Guard {
	def := schema.DefaultGuard()
	g := schema.Guard{
		MaxDeactivations: it.limit("max_deactivations", def.MaxDeactivations),
		MaxRemovals:      it.limit("max_removals", def.MaxRemovals),
		Floor:            it.count("floor", def.Floor),
		Window:           it.duration("window", def.Window),
		Origin:           it.origin(),
	}
	switch {
	case g.Window == 0:
		it.invalid("window", "A window of nothing counts nothing: a change that is cut in pieces would pass any limit. Say how long, as in \"24h\".")
	case g.Window > schema.MaxWindow:
		it.invalid("window", "The state remembers for 31 days what was taken away, so that a window is \"744h\" at most.")
	}
	g.ProtectedUsers, _ = it.users("protected_users")
	g.ProtectedGroups, _ = it.groups("protected_groups")
	return g
}

// assignment decodes one assignment.
func (it *item) assignment() schema.Assignment {
	app, _ := it.one("app", "app")
	a := schema.Assignment{
		Address: it.address, App: app.ref.address, Priority: schema.DefaultPriority,
		Starts: it.time("starts"), Expires: it.time("expires"), Reason: it.text("reason"), Origin: it.origin(),
	}
	if n, ok := it.whole("priority"); ok {
		a.Priority = n
	}
	a.Users, _ = it.users("users")
	a.Groups, _ = it.groups("groups")
	a.Profile = it.profile()
	if !it.given("users") && !it.given("groups") {
		it.l.add(finding(codeNoSubject, it.origin(), "Assignment names nobody",
			"An assignment has users, groups or both. Say who is assigned, or take the block out."))
	}
	if !a.Expires.IsZero() && !a.Starts.Before(a.Expires) {
		it.invalid("expires", "The assignment ends before it starts.")
	}
	return a
}

// profile decodes attributes by SCIM path.
func (it *item) profile() []schema.Value {
	v, ok := it.value("profile")
	if !ok {
		return nil
	}
	if !v.Type().IsObjectType() && !v.Type().IsMapType() {
		it.wrongType("profile", fmt.Sprintf("a map by SCIM path is needed here, and this is %s.", article(friendly(v))))
		return nil
	}
	var out []schema.Value
	for path, element := range v.AsValueMap() {
		plain, err := plainValue(element)
		if err != nil {
			it.wrongType("profile", fmt.Sprintf("%s: %v.", path, err))
			continue
		}
		it.checkPath("profile", path, it.at("profile"))
		out = append(out, schema.Value{Path: path, Value: plain})
	}
	slices.SortFunc(out, func(a, b schema.Value) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// scimPath is what a SCIM path looks like: names joined by dots, a value filter
// in brackets, a schema's URN in front (RFC 7644, section 3.10).
var scimPath = regexp.MustCompile(`^(urn:[A-Za-z0-9:._-]+:)?[A-Za-z$][A-Za-z0-9_$-]*(\[[^\[\]]+\])?(\.[A-Za-z$][A-Za-z0-9_$-]*)?$`)

func (it *item) checkPath(argument, path string, at schema.Origin) {
	if !scimPath.MatchString(path) {
		it.l.add(finding(codeInvalidValue, at, "Value is not allowed",
			fmt.Sprintf("A key of %q is no SCIM path like name.givenName or emails[type eq \"work\"].value.", argument)))
	}
}

func (it *item) push() schema.Push {
	app, _ := it.one("app", "app")
	return schema.Push{
		App: app.ref.address, Additive: it.choice("membership") == "additive", Inactive: it.choice("status") == "inactive",
		OnUnpush: schema.OnUnpush(it.choice("on_unpush")), AllowEmpty: it.truth("allow_empty"), Origin: it.origin(),
	}
}

func (it *item) pushGroup() schema.PushGroup {
	group, _ := it.one("group", "group")
	return schema.PushGroup{
		Address: it.address, Push: it.push(), Group: group.ref.group(group.at),
		Mode: choiceOrZero[schema.PushMode](it, "mode"), TargetName: it.text("target_name"), TargetID: it.text("target_id"),
	}
}

func (it *item) pushRule() schema.PushRule {
	r := schema.PushRule{Address: it.address, Push: it.push()}
	r.Exclude, _ = it.groups("exclude")
	for _, m := range it.nested("match") {
		r.Match = append(r.Match, m.match())
	}
	if len(r.Match) == 0 {
		it.l.add(finding(codeMissingArgument, it.origin(), "Push rule matches nothing", "A push_rule block needs at least one match block."))
	}
	return r
}

func (it *item) match() schema.Match {
	m := schema.Match{
		NamePrefix: it.text("name_prefix"), NameSuffix: it.text("name_suffix"), NameContains: it.text("name_contains"),
		DescriptionContains: it.text("description_contains"), Origin: it.origin(),
	}
	if text, ok := it.said("name_regex"); ok {
		re, err := regexp.Compile(text)
		if err != nil {
			it.invalid("name_regex", "This is no RE2 expression: %v.", err)
		} else {
			m.NameRegex = re
		}
	}
	if m.NamePrefix == "" && m.NameSuffix == "" && m.NameContains == "" && m.DescriptionContains == "" && it.attr("name_regex") == nil {
		it.l.add(finding(codeMissingArgument, it.origin(), "Match has no condition",
			"A match block without a condition would push every group. To do that, say name_regex = \"\"."))
	}
	return m
}

// waiver decodes one reviewed exception.
func (it *item) waiver() schema.Waiver {
	app, _ := it.one("app", "app")
	w := schema.Waiver{Address: it.address, App: app.ref.address, Guard: it.choice("guard"),
		Expires: it.time("expires"), Reason: it.text("reason"), Origin: it.origin()}
	protects, _ := it.one("protects", "user", "group")
	w.Protects = protects.ref.full()
	guards := it.given("guard")
	switch {
	case guards == it.given("protects"):
		it.l.add(finding(codeConflicting, it.origin(), "Arguments exclude each other", "A waiver has guard with limit, or protects: one of the two."))
	case guards && !it.given("limit"):
		it.l.add(finding(codeMissingArgument, it.origin(), "Argument is missing", "A waiver for a guard says the limit that holds instead."))
	}
	if w.Guard == guardStale {
		w.MaxAge = it.maxAge("limit")
	} else {
		w.Limit = it.limit("limit", schema.Limit{})
	}
	return w
}

// directory decodes one directory.
func (it *item) directory() schema.DirectoryBlock {
	d := schema.DirectoryBlock{Address: it.address, Kind: it.block.Labels[0],
		Format: it.choice("format"), Columns: it.textMap("columns"), Origin: it.origin(), PathOrigin: it.at("path"),
		ExportedAt: it.time("exported_at"), MaxAge: it.maxAge("max_age"), AgeOrigin: it.at("exported_at")}
	if d.MaxAge > 0 {
		d.AgeOrigin = it.at("max_age")
	}
	d.Path = it.path("path")
	known := append(schema.BaseAttributes(), schema.BaseAttribute{Name: "login"}, schema.BaseAttribute{Name: "id"},
		schema.BaseAttribute{Name: "status"}, schema.BaseAttribute{Name: "groups"})
	for column, attribute := range d.Columns {
		if !slices.ContainsFunc(known, func(a schema.BaseAttribute) bool { return a.Name == attribute }) && !isName(strings.TrimPrefix(attribute, "custom.")) {
			it.invalid("columns", "The column %q becomes %q, which is no attribute's name.", column, attribute)
		}
	}
	return d
}

// guardStale is the guard whose limit is a duration.
const guardStale = "directory-stale"

// maxAge decodes how old a directory may be; zero without it.
func (it *item) maxAge(name string) time.Duration {
	const none = -1
	age := it.duration(name, none)
	if age == 0 {
		it.invalid(name, "Nothing is that young. Say how old the directory may be, as in \"36h\".")
	}
	return max(0, age)
}
