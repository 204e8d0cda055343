package planner

import (
	"fmt"
	"strings"

	"github.com/rollcall-dev/rollcall/schema"
)

// checkApp finds what the app asks of its target and cannot have.
func (r *resolver) checkApp(app *schema.App) {
	if !r.hasTarget(app) {
		return
	}
	caps := r.facts.Capabilities[app.Target]
	if caps.LockedMapping != nil && len(app.Attributes) > 0 {
		r.found(schema.Diagnostic{
			Severity: schema.Error, Code: "mapping-locked", Summary: "Attribute mapping is locked",
			Detail: fmt.Sprintf("The dialect %s does not allow the attribute mapping to be changed. "+
				"Remove attributes from %s.", caps.Dialect, app.Address),
			Origin: originOr(app.AttributesOrigin, app.Origin), App: app.Name, Object: string(app.Address),
		})
	}
	for _, m := range app.Attributes {
		if fixed(m.Path) {
			r.found(schema.Diagnostic{
				Severity: schema.Error, Code: "unsupported-feature", Summary: "Attribute that a mapping cannot set",
				Detail: fmt.Sprintf("The attributes of %s map %s, which has an argument of its own. "+
					"Set username on the app, or id and status on the person.", app.Address, m.Path),
				Origin: originOr(m.Origin, app.AttributesOrigin), App: app.Name, Object: string(app.Address),
			})
		}
	}
	if app.OnUnassign == schema.UnassignDelete && caps.NoDelete {
		r.unsupported(app, caps, `cannot delete accounts; on_unassign = "delete" cannot be kept. Use "deactivate" or "keep".`)
	}
	if (caps.NoDeactivate || caps.DeactivateDeletes) && (app.OnUnassign == schema.UnassignDeactivate || app.OnSuspended == schema.SuspendedDeactivate) &&
		app.Provisioning.DeactivateUsers {
		r.unsupported(app, caps, `cannot deactivate an account without destroying it. Set on_unassign to "delete" or "keep".`)
	}
}

func (r *resolver) hasTarget(app *schema.App) bool {
	for i := range r.cfg.Targets {
		if r.cfg.Targets[i].Address == app.Target {
			return true
		}
	}
	r.found(schema.Diagnostic{
		Severity: schema.Error, Code: "unknown-reference", Summary: "Unknown target",
		Detail: fmt.Sprintf("%s names the target %q, which is not declared. Correct the name, or declare the target.", app.Address, app.Target),
		Origin: originOr(app.TargetOrigin, app.Origin), App: app.Name, Object: string(app.Address),
		Suggestion: schema.Nearest(string(app.Target), func(yield func(string) bool) {
			for i := range r.cfg.Targets {
				if !yield(string(r.cfg.Targets[i].Address)) {
					return
				}
			}
		}),
	})
	return false
}

func (r *resolver) unsupported(app *schema.App, caps Capabilities, what string) {
	r.found(schema.Diagnostic{
		Severity: schema.Error, Code: "unsupported-feature", Summary: "The target cannot do this",
		Detail: fmt.Sprintf("The dialect %s of %s %s", caps.Dialect, app.Address, what),
		Origin: app.Origin, App: app.Name, Object: string(app.Address),
	})
}

// tally collects the people or groups that one finding is about: one finding
// for many, not many findings.
type tally struct {
	// names are the first few, n counts all.
	names  []string
	n      int
	object string
	origin schema.Origin
}

func (t *tally) add(name, object string, origin schema.Origin) {
	if t.n == 0 {
		t.object, t.origin = object, origin
	}
	t.n++
	if len(t.names) < listed {
		t.names = append(t.names, name)
	}
}

// user adds a person, at most one key made for all of them.
func (t *tally) user(u *schema.User, origin schema.Origin) {
	object := t.object
	if t.n == 0 {
		object = u.Key()
	}
	t.add(u.Login, object, origin)
}

// finding reports what was collected; nothing collected reports nothing. The
// sentence is a template of [phrase], whose first {} stands for the names.
func (t *tally) finding(found func(schema.Diagnostic), d schema.Diagnostic, sentence string, args ...string) {
	if t.n == 0 {
		return
	}
	d.Detail = phrase(sentence, t.n, append([]string{listing(t.names, t.n)}, args...)...)
	d.Object = t.object
	d.Origin = originOr(d.Origin, t.origin)
	found(d)
}

// phrase fills a template about n people or groups: each {} stands for the
// next argument, and {is|are} for the first word where n is one, and for the
// second otherwise. Arguments are never read as templates.
func phrase(template string, n int, args ...string) string {
	var out strings.Builder
	for {
		text, rest, found := strings.Cut(template, "{")
		out.WriteString(text)
		if !found {
			return out.String()
		}
		var slot string
		slot, template, _ = strings.Cut(rest, "}")
		one, many, choice := strings.Cut(slot, "|")
		switch {
		case !choice:
			out.WriteString(args[0])
			args = args[1:]
		case n == 1:
			out.WriteString(one)
		default:
			out.WriteString(many)
		}
	}
}

// reportScope finds what is worth knowing about who has the app.
func (r *resolver) reportScope(s *Scope) {
	var shadows, staged, same, inactive tally
	for p := range r.d.People {
		u := &r.d.People[p]
		if !s.Assigned(r.d, Person(p)) {
			continue
		}
		if s.byGroup[p] != 0 && s.grants[s.best[p]-1].direct {
			shadows.user(u, r.grantOrigin(&s.grants[s.best[p]-1]))
		}
		if u.Status == schema.Staged {
			staged.user(u, u.Origin)
		}
	}
	assigned := s.assignedGroups()
	for i := range s.Pushes {
		p := &s.Pushes[i]
		g := &r.d.Groups[p.Group]
		if assigned[p.Group] {
			same.add(g.Name, g.Key, p.Origin)
		}
		if p.Inactive {
			inactive.add(p.Name, g.Key, p.Origin)
		}
	}
	r.reportDeprovisioned(s, assigned)
	app := s.App.Name
	shadows.finding(r.found, schema.Diagnostic{
		Severity: schema.Warning, Code: "direct-shadows-group", App: app, Summary: "Direct assignment besides a group's",
	}, "{} {is|are} assigned directly and through a group. The direct assignment wins, so leaving the group does not take the app away.")
	staged.finding(r.found, schema.Diagnostic{
		Severity: schema.Info, Code: "staged-provisioned", App: app, Summary: "Provisioned before activation",
	}, "{} {is|are} STAGED, so not activated yet, and {is|are} provisioned like everybody else.")
	same.finding(r.found, schema.Diagnostic{
		Severity: schema.Info, Code: "same-group-assigned-and-pushed", App: app, Summary: "Group both assigned and pushed",
	}, "{} {is|are} both assigned and pushed. Okta advises against it because its two jobs race; here people come before memberships, so it is safe.")
	inactive.finding(r.found, schema.Diagnostic{
		Severity: schema.Warning, Code: "push-inactive", App: app, Summary: "Push is paused",
	}, "The push of {} is paused: nothing is sent, not even for people who leave.")
}

// assignedGroups are the groups through which the app is given.
func (s *Scope) assignedGroups() map[uint32]bool {
	groups := make(map[uint32]bool)
	for i := range s.grants {
		if !s.grants[i].direct {
			groups[s.grants[i].group] = true
		}
	}
	return groups
}

// reportDeprovisioned finds people who are DEPROVISIONED and still in a group
// that the app uses.
func (r *resolver) reportDeprovisioned(s *Scope, assigned map[uint32]bool) {
	for i := range s.Pushes {
		assigned[s.Pushes[i].Group] = true
	}
	for g := range r.d.Groups {
		if !assigned[uint32(g)] {
			continue
		}
		var still tally
		group := &r.d.Groups[g]
		for _, p := range group.Members {
			if u := &r.d.People[p]; u.Status == schema.Deprovisioned {
				still.add(u.Login, group.Key, u.Origin)
			}
		}
		still.finding(r.found, schema.Diagnostic{
			Severity: schema.Warning, Code: "deprovisioned-in-group", App: s.App.Name, Summary: "Deprovisioned people in a group",
			Origin: group.Origin,
		}, "{} {is|are} DEPROVISIONED and still in {}. {This person counts|They count} as not assigned and {is|are} pushed nowhere.", group.Key)
	}
}

// grantOrigin is where the grant stands in its assignment.
func (r *resolver) grantOrigin(g *grant) schema.Origin { return r.d.grantOrigin(g) }

func (d *Desired) grantOrigin(g *grant) schema.Origin {
	a := &d.Config.Assignments[g.assignment]
	if g.direct {
		return originOr(a.Users[g.ref].Origin, a.Origin)
	}
	return originOr(a.Groups[g.ref].Origin, a.Origin)
}
