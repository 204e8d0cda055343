package planner

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// A scenario is a file of lines; testdata/scenarios/README says which.
type scenario struct {
	name string
	cfg  *schema.Config
	dir  *schema.Directory
	caps Capabilities
	only schema.Address
	// remote and owned are built after Resolve, from these.
	accounts []words
	groups   []words
	intents  []Intent
	history  []Removal
	// last is the guard of the last apply; nil is that of the configuration.
	last     *schema.Guard
	unstable bool
	want     []string
}

// words is a line: positional words and key=value pairs.
type words struct {
	at    []string
	pairs map[string]string
}

var asOf = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const targetAddress = schema.Address("target.scim.t")

func parseScenario(t *testing.T, path string) *scenario {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := &scenario{
		name: path,
		cfg: &schema.Config{
			Targets: []schema.Target{{Address: targetAddress}},
			Apps: []schema.App{{
				Address: "app.x", Name: "x", Target: targetAddress, Provisioning: schema.DefaultProvisioning, Guard: schema.DefaultGuard(),
				Origin: schema.Origin{File: "app.hcl", Line: 1},
			}},
		},
		caps: Capabilities{Dialect: "test", Members: MembersFull, CreateWithMembers: true},
	}
	section := ""
	for i, line := range strings.Split(string(data), "\n") {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case strings.HasPrefix(line, "--"):
			section = strings.Trim(line, "- ")
		case section == "want":
			s.want = append(s.want, line)
		default:
			if err := s.line(section, line, schema.Origin{File: "main.hcl", Line: uint32(i + 1), Column: 1}); err != nil {
				t.Fatalf("%s:%d: %v", path, i+1, err)
			}
		}
	}
	slices.SortFunc(s.cfg.Users, func(a, b schema.User) int { return strings.Compare(string(a.Address), string(b.Address)) })
	return s
}

func split(line string) (string, words) {
	w := words{pairs: make(map[string]string)}
	fields := strings.Fields(line)
	for _, f := range fields[1:] {
		if k, v, ok := strings.Cut(f, "="); ok {
			w.pairs[k] = strings.ReplaceAll(v, "_", " ")
		} else {
			w.at = append(w.at, f)
		}
	}
	return fields[0], w
}

func (s *scenario) line(section, line string, origin schema.Origin) error {
	verb, w := split(line)
	if section == "target" {
		return s.targetLine(verb, w)
	}
	app := &s.cfg.Apps[0]
	switch verb {
	case "person":
		s.cfg.Users = append(s.cfg.Users, person(w, origin))
	case "row":
		s.directory().People = append(s.directory().People, row(w, origin))
	case "dirgroup":
		s.directoryGroup(w, origin)
	case "group":
		s.cfg.Groups = append(s.cfg.Groups, group(w, origin))
	case "assign":
		s.assign(w, origin)
	case "push":
		s.push(w, origin)
	case "push-rule":
		s.cfg.PushRules = append(s.cfg.PushRules, schema.PushRule{
			Address: schema.Address("push_rule." + w.at[0]), Push: push(w, origin),
			Match: []schema.Match{{NamePrefix: w.pairs["prefix"], DescriptionContains: w.pairs["description"]}},
		})
	case "app":
		return appLine(app, w)
	case "guard":
		return guardLine(&app.Guard, w)
	case "waiver":
		n, _ := strconv.ParseFloat(w.pairs["limit"], 64)
		expires := asOf.Add(time.Hour)
		if w.pairs["expires"] == "past" {
			expires = asOf
		}
		s.cfg.Waivers = append(s.cfg.Waivers, schema.Waiver{
			App: app.Address, Guard: w.pairs["guard"], Limit: schema.Limit{Value: n}, Protects: schema.Address(w.pairs["protects"]), Expires: expires,
		})
	case "caps":
		return s.capsLine(w)
	case "only":
		s.only = schema.Address(w.at[0])
	case "moved":
		s.cfg.Moved = append(s.cfg.Moved, schema.Moved{From: schema.Address(w.at[0]), To: schema.Address(w.at[1]), Origin: origin})
	case "adopt":
		s.cfg.Adopts = append(s.cfg.Adopts, schema.Adopt{To: schema.Address(w.at[0]), ID: w.at[1], Origin: origin})
	case "removed":
		s.cfg.Removed = append(s.cfg.Removed, schema.Removed{From: schema.Address(w.at[0]), OnRemove: w.pairs["on"], Origin: origin})
	default:
		return fmt.Errorf("unknown line %q", verb)
	}
	return nil
}

func (s *scenario) targetLine(verb string, w words) error {
	switch verb {
	case "user":
		s.accounts = append(s.accounts, w)
	case "group":
		s.groups = append(s.groups, w)
	case "intent":
		kind, name, _ := strings.Cut(w.at[0], ".")
		display := name
		if kind == "user" {
			display = login(name)
		}
		s.intents = append(s.intents, Intent{App: "x", Kind: kind, Key: w.at[0], Name: display, ExternalID: display, At: asOf})
	case "took":
		n, _ := strconv.Atoi(w.pairs["deactivations"])
		owned, _ := strconv.Atoi(w.pairs["owned"])
		members, _ := strconv.Atoi(w.pairs["members"])
		hours, err := strconv.ParseFloat(cmp.Or(w.pairs["hours_ago"], "1"), 64)
		at := asOf.Add(-time.Duration(hours * float64(time.Hour)))
		s.history = append(s.history, Removal{At: at, Deactivations: n, Members: members, OwnedUsers: owned, OwnedMembers: owned})
		return err
	case "last-guard":
		g := schema.DefaultGuard()
		s.last = &g
		return guardLine(s.last, w)
	case "unstable":
		s.unstable = true
	default:
		return fmt.Errorf("unknown line %q", verb)
	}
	return nil
}

func (s *scenario) directory() *schema.Directory {
	if s.dir == nil {
		s.dir = &schema.Directory{Address: "directory.file.hr"}
		s.cfg.Directories = []schema.DirectoryBlock{{Address: "directory.file.hr", Kind: "file"}}
	}
	return s.dir
}

func (s *scenario) directoryGroup(w words, origin schema.Origin) {
	d := s.directory()
	g := schema.DirectoryGroup{Name: w.at[0], Origin: origin}
	for _, name := range w.at[1:] {
		i := slices.IndexFunc(d.People, func(u schema.User) bool { return u.Login == login(name) })
		g.Members = append(g.Members, uint32(i))
	}
	slices.Sort(g.Members)
	d.Groups = append(d.Groups, g)
}

// login is a person's login: the name alone stands for one at x.com.
func login(name string) string {
	if strings.Contains(name, "@") {
		return name
	}
	return name + "@x.com"
}

func person(w words, origin schema.Origin) schema.User {
	u := row(w, origin)
	u.Address = schema.Address("user." + w.at[0])
	return u
}

func row(w words, origin schema.Origin) schema.User {
	u := schema.User{Login: login(w.at[0]), Origin: origin}
	if len(w.at) > 1 {
		u.Status, _ = schema.ParseStatus(w.at[1])
	}
	for _, a := range schema.BaseAttributes() {
		if v, ok := w.pairs[a.Name]; ok {
			u.Profile = append(u.Profile, schema.Attribute{Name: a.Name, Value: v})
		}
	}
	if v := w.pairs["login"]; v != "" {
		u.Login = login(v)
	}
	u.ID = w.pairs["id"]
	return u
}

func userRef(name string, origin schema.Origin) schema.UserRef {
	if l, ok := strings.CutPrefix(name, "login:"); ok {
		return schema.UserRef{Login: login(l), Origin: origin}
	}
	return schema.UserRef{Address: schema.Address("user." + name), Origin: origin}
}

func groupRef(name string, origin schema.Origin) schema.GroupRef {
	if n, ok := strings.CutPrefix(name, "hr:"); ok {
		return schema.GroupRef{Directory: "directory.file.hr", Name: n, Origin: origin}
	}
	return schema.GroupRef{Address: schema.Address("group." + name), Origin: origin}
}

// group G a b include=H rule=department:eng exclude=a reads=H inactive from=Staff
func group(w words, origin schema.Origin) schema.Group {
	g := schema.Group{
		Address: schema.Address("group." + w.at[0]), Name: w.at[0], Description: w.pairs["description"], Origin: origin,
		MembersSaid: w.pairs["rule"] == "" && w.pairs["from"] == "" && w.pairs["include"] == "" && w.pairs["reads"] == "",
	}
	if n := w.pairs["name"]; n != "" {
		g.Name = n
	}
	rule := schema.Rule{Origin: origin}
	for _, name := range w.at[1:] {
		switch name {
		case "inactive":
			rule.Inactive = true
		case "silent":
			g.MembersSaid = false
		default:
			g.Members = append(g.Members, userRef(name, origin))
		}
	}
	if inc := w.pairs["include"]; inc != "" {
		for _, name := range strings.Split(inc, ",") {
			g.IncludeGroups = append(g.IncludeGroups, groupRef(name, origin))
		}
	}
	if from := w.pairs["from"]; from != "" {
		ref := groupRef("hr:"+from, origin)
		g.From = &ref
	}
	if x := w.pairs["exclude"]; x != "" {
		rule.Exclude = []schema.UserRef{userRef(x, origin)}
	}
	if c := w.pairs["rule"]; c != "" {
		name, value, _ := strings.Cut(c, ":")
		rule.Condition = attributeIs{name, value}
		g.Rules = append(g.Rules, rule)
	} else if c := w.pairs["reads"]; c != "" {
		rule.Condition = isMember{groupRef(c, origin)}
		g.Rules = append(g.Rules, rule)
	}
	return g
}

// attributeIs holds where a base attribute was set to exactly that.
type attributeIs struct{ name, value string }

func (c attributeIs) Holds(u *schema.User, _ func(schema.Address) bool) (bool, error) {
	v, set := u.Attribute(c.name)
	if c.value == "null" {
		return !set, nil
	}
	return set && v == c.value, nil
}
func (c attributeIs) Groups() []schema.GroupRef { return nil }

// isMember holds for the members of another group.
type isMember struct{ ref schema.GroupRef }

func (c isMember) Holds(_ *schema.User, memberOf func(schema.Address) bool) (bool, error) {
	return memberOf(c.ref.Address), nil
}
func (c isMember) Groups() []schema.GroupRef { return []schema.GroupRef{c.ref} }

// baseAttribute is an expression: one attribute of the person.
type baseAttribute string

func (e baseAttribute) Value(u *schema.User) (any, error) {
	v, set := u.Attribute(string(e))
	if !set {
		return nil, nil
	}
	return v, nil
}

// assign a @G priority=1 title=CEO starts/expires=past|future
func (s *scenario) assign(w words, origin schema.Origin) {
	a := schema.Assignment{
		Address: schema.Address(fmt.Sprintf("assignment.n%d", len(s.cfg.Assignments))), App: "app.x",
		Priority: schema.DefaultPriority, Origin: origin,
	}
	for _, name := range w.at {
		if g, ok := strings.CutPrefix(name, "@"); ok {
			a.Groups = append(a.Groups, groupRef(g, origin))
		} else {
			a.Users = append(a.Users, userRef(name, origin))
		}
	}
	if p := w.pairs["priority"]; p != "" {
		a.Priority, _ = strconv.Atoi(p)
	}
	if v, ok := w.pairs["title"]; ok {
		a.Profile = []schema.Value{{Path: "title", Value: v}}
	}
	if v, ok := w.pairs["roles"]; ok {
		var roles []any
		for _, r := range strings.Split(v, ",") {
			roles = append(roles, r)
		}
		a.Profile = []schema.Value{{Path: "roles", Value: roles}}
	}
	if w.pairs["expires"] == "past" {
		a.Expires = asOf
	}
	if w.pairs["starts"] == "future" {
		a.Starts = asOf.Add(time.Second)
	}
	s.cfg.Assignments = append(s.cfg.Assignments, a)
}

func push(w words, origin schema.Origin) schema.Push {
	p := schema.Push{App: "app.x", OnUnpush: schema.OnUnpush(w.pairs["on_unpush"]), Origin: origin}
	for _, word := range w.at {
		switch word {
		case "additive":
			p.Additive = true
		case "inactive":
			p.Inactive = true
		case "allow_empty":
			p.AllowEmpty = true
		}
	}
	return p
}

func (s *scenario) push(w words, origin schema.Origin) {
	p := schema.PushGroup{
		Address: schema.Address("push_group." + w.at[0]), Push: push(w, origin), Group: groupRef(w.at[0], origin),
		TargetName: w.pairs["target_name"], TargetID: w.pairs["target_id"],
	}
	if a := w.pairs["as"]; a != "" {
		p.Address = schema.Address("push_group." + a)
	}
	if slices.Contains(w.at, "link") {
		p.Mode = schema.PushLink
	}
	s.cfg.PushGroups = append(s.cfg.PushGroups, p)
}

func appLine(app *schema.App, w words) error {
	for k, v := range w.pairs {
		switch k {
		case "create":
			app.Provisioning.CreateUsers = v == "on"
		case "update":
			app.Provisioning.UpdateUserAttributes = v == "on"
		case "deactivate":
			app.Provisioning.DeactivateUsers = v == "on"
		case "on_unassign":
			app.OnUnassign = schema.OnUnassign(v)
		case "on_suspended":
			app.OnSuspended = schema.OnSuspended(v)
		case "on_unpush":
			app.OnUnpush = schema.OnUnpush(v)
		case "username":
			app.UserName = baseAttribute(v)
		case "map":
			path, name, _ := strings.Cut(v, ":")
			app.Attributes = append(app.Attributes, schema.Mapping{Path: path, Expression: baseAttribute(name)})
		case "create_only":
			app.CreateOnly = append(app.CreateOnly, v)
		case "mode":
			app.ReportOnly = v == "report"
		case "unmanaged":
			app.IgnoreUnmanaged = v == "ignore"
		default:
			return fmt.Errorf("unknown argument %q", k)
		}
	}
	return nil
}

func guardLine(g *schema.Guard, w words) error {
	for k, v := range w.pairs {
		n, _ := strconv.ParseFloat(strings.TrimSuffix(v, "%"), 64)
		limit := schema.Limit{Share: strings.HasSuffix(v, "%"), Value: n}
		switch k {
		case "max_deactivations":
			g.MaxDeactivations = limit
		case "max_removals":
			g.MaxRemovals = limit
		case "floor":
			g.Floor = int(n)
		case "window":
			g.Window, _ = time.ParseDuration(v)
		case "protected_user":
			g.ProtectedUsers = append(g.ProtectedUsers, userRef(v, schema.Origin{}))
		case "protected_group":
			g.ProtectedGroups = append(g.ProtectedGroups, groupRef(v, schema.Origin{}))
		default:
			return fmt.Errorf("unknown argument %q", k)
		}
	}
	return nil
}

func (s *scenario) capsLine(w words) error {
	for _, word := range w.at {
		switch word {
		case "write-only":
			s.caps.Members = MembersWriteOnly
		case "no-members-in-create":
			s.caps.CreateWithMembers = false
		case "twingate":
			s.caps.Dialect = "twingate"
			s.caps.LockedMapping = []string{"externalId", "userName", "active", pathWorkEmail, pathGivenName, pathFamilyName}
			s.caps.ReservedGroupNames = []string{"Everyone"}
			s.caps.GroupNamesNotUnique = true
		case "required":
			s.caps.Required = []string{pathGivenName}
		case "no-group-rename":
			s.caps.NoGroupRename = true
		default:
			return fmt.Errorf("unknown capability %q", word)
		}
	}
	if n := w.pairs["per_request"]; n != "" {
		s.caps.MembersPerRequest, _ = strconv.Atoi(n)
	}
	return nil
}
