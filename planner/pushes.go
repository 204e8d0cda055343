package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/schema"
)

// resolvePushes lists what is pushed to the app: explicit blocks first, then
// every other group that a rule fits. taken holds the names in use at the target.
func (r *resolver) resolvePushes(s *Scope, taken map[string]*Push) {
	byGroup := make(map[uint32]int)
	for i := range r.cfg.PushGroups {
		b := &r.cfg.PushGroups[i]
		if b.App != s.App.Address {
			continue
		}
		g, ok := r.group(b.Group)
		if !ok {
			continue
		}
		if first, dup := byGroup[g]; dup {
			r.duplicatePush(s, &s.Pushes[first], b)
			continue
		}
		byGroup[g] = len(s.Pushes)
		s.Pushes = append(s.Pushes, Push{
			Push: b.Push, Block: b.Address, Group: g, Mode: b.Mode, TargetID: b.TargetID,
			Name: cmp.Or(b.TargetName, r.d.Groups[g].Name),
		})
	}
	for i := range r.cfg.PushRules {
		if b := &r.cfg.PushRules[i]; b.App == s.App.Address {
			r.matchGroups(s, b, byGroup)
		}
	}
	slices.SortFunc(s.Pushes, func(a, b Push) int { return cmp.Compare(a.Group, b.Group) })
	for i := range s.Pushes {
		p := &s.Pushes[i]
		p.OnUnpush = cmp.Or(p.OnUnpush, s.App.OnUnpush, schema.UnpushEmpty)
		r.checkName(s, p, taken)
	}
}

// matchGroups adds every group that the rule fits and that is not pushed yet.
func (r *resolver) matchGroups(s *Scope, b *schema.PushRule, byGroup map[uint32]int) {
	excluded := make(map[uint32]bool, len(b.Exclude))
	for _, ref := range b.Exclude {
		if g, ok := r.group(ref); ok {
			excluded[g] = true
		}
	}
	for i := range r.d.Groups {
		g := &r.d.Groups[i]
		if _, pushed := byGroup[uint32(i)]; pushed || excluded[uint32(i)] || g.taken || !fits(b.Match, g) {
			continue
		}
		byGroup[uint32(i)] = len(s.Pushes)
		s.Pushes = append(s.Pushes, Push{Push: b.Push, Block: b.Address, Group: uint32(i), Name: g.Name})
	}
}

// fits reports whether any of ms holds for g.
func fits(ms []schema.Match, g *Group) bool {
	return slices.ContainsFunc(ms, func(m schema.Match) bool {
		return strings.HasPrefix(g.Name, m.NamePrefix) &&
			strings.HasSuffix(g.Name, m.NameSuffix) &&
			strings.Contains(g.Name, m.NameContains) &&
			strings.Contains(g.Description, m.DescriptionContains) &&
			(m.NameRegex == nil || m.NameRegex.MatchString(g.Name))
	})
}

func (r *resolver) duplicatePush(s *Scope, first *Push, b *schema.PushGroup) {
	r.found(schema.Diagnostic{
		Severity: schema.Error, Code: "duplicate-push", Summary: "Group pushed twice",
		Detail: fmt.Sprintf("%s is pushed to %s by %s already. One app pushes a group once; remove one of the two blocks.",
			r.d.Groups[first.Group].Key, s.App.Address, first.Block),
		Origin: b.Origin, App: s.App.Name, Object: string(b.Address),
		Related: []schema.Related{{Origin: first.Origin, Message: "the first push"}},
	})
}

// checkName finds a name that two pushes want, or that the target reserves.
func (r *resolver) checkName(s *Scope, p *Push, taken map[string]*Push) {
	folded := schema.Fold(p.Name)
	group := r.d.Groups[p.Group].Key
	if first, dup := taken[folded]; dup {
		r.found(schema.Diagnostic{
			Severity: schema.Error, Code: "duplicate-group-name", Summary: "Two pushed groups with one name",
			Detail: fmt.Sprintf("%s and %s would both be called %q at %s; names are compared without case. "+
				"Set target_name on one of the two.", r.d.Groups[first.Group].Key, group, p.Name, s.App.Target),
			Origin: p.Origin, App: s.App.Name, Object: string(p.Block),
			Related: []schema.Related{{Origin: first.Origin, Message: "the other push"}},
		})
		return
	}
	taken[folded] = p
	for _, name := range r.facts.Capabilities[s.App.Target].ReservedGroupNames {
		if schema.Fold(name) == folded {
			r.found(schema.Diagnostic{
				Severity: schema.Error, Code: "name-collision", Summary: "Name reserved by the target",
				Detail: fmt.Sprintf("The target has a group %q of its own, so %s cannot be pushed under that name. "+
					"Set target_name, or rename the group.", name, group),
				Origin: p.Origin, App: s.App.Name, Object: string(p.Block),
			})
		}
	}
}
