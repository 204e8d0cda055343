package planner

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// listGroups names every group, before anybody is in one.
func (r *resolver) listGroups() {
	for i := range r.cfg.Groups {
		b := &r.cfg.Groups[i]
		r.d.Groups = append(r.d.Groups, Group{
			Key: string(b.Address), Name: b.Name, Description: b.Description, Block: b, Origin: b.Origin,
		})
	}
	for _, block := range r.cfg.Directories {
		dir := r.facts.Directories[block.Address]
		if dir == nil {
			continue
		}
		for i := range dir.Groups {
			g := &dir.Groups[i]
			origin := g.Origin
			if !origin.Known() {
				origin = block.Origin
			}
			r.d.Groups = append(r.d.Groups, Group{
				Key: directoryGroupKey(block.Address, g.Name), Name: g.Name, Description: g.Description,
				Origin: origin, from: g, directory: block.Address,
			})
		}
	}
	slices.SortStableFunc(r.d.Groups, func(a, b Group) int { return cmp.Compare(a.Key, b.Key) })
	r.groupAt = make(map[string]uint32, len(r.d.Groups))
	r.named = make(map[string][]uint32, len(r.d.Groups))
	for i := range r.d.Groups {
		g := &r.d.Groups[i]
		r.groupAt[g.Key] = uint32(i)
		name := schema.Fold(g.Name)
		r.named[name] = append(r.named[name], uint32(i))
	}
}

// fillGroups puts everyone into the groups, in an order in which a group comes
// after all that it includes or reads.
func (r *resolver) fillGroups() {
	edges := make([][]edge, len(r.d.Groups))
	for i := range r.d.Groups {
		edges[i] = r.edges(&r.d.Groups[i])
	}
	for _, g := range r.dependencyOrder(edges) {
		r.fill(&r.d.Groups[g])
	}
}

// edge says that a group includes another, or that a rule of it reads another.
type edge struct {
	to     uint32
	reads  bool
	origin schema.Origin
}

// edges resolves what g depends on, and takes down what it includes.
func (r *resolver) edges(g *Group) []edge {
	if g.Block == nil {
		return nil
	}
	r.checkSources(g)
	var es []edge
	for _, ref := range g.Block.IncludeGroups {
		to, ok := r.group(ref)
		if !ok {
			to = noGroup
		} else {
			es = append(es, edge{to: to, origin: ref.Origin})
		}
		g.includes = append(g.includes, to)
	}
	for i := range g.Block.Rules {
		rule := &g.Block.Rules[i]
		if rule.Inactive || rule.Condition == nil {
			continue
		}
		for _, ref := range rule.Condition.Groups() {
			if to, ok := r.group(ref); ok {
				es = append(es, edge{to: to, reads: true, origin: originOr(ref.Origin, rule.Origin)})
			}
		}
	}
	if from := g.Block.From; from != nil {
		r.takeFrom(g, *from)
	}
	return es
}

// noGroup stands for an included group that is unknown.
const noGroup = ^uint32(0)

func originOr(o, otherwise schema.Origin) schema.Origin {
	if o.Known() {
		return o
	}
	return otherwise
}

func (r *resolver) takeFrom(g *Group, ref schema.GroupRef) {
	src, ok := r.group(ref)
	if !ok {
		return
	}
	g.from, g.directory = r.d.Groups[src].from, r.d.Groups[src].directory
	r.d.Groups[src].taken = true
	if g.from == nil {
		r.found(schema.Diagnostic{
			Severity: schema.Error, Code: "unknown-reference", Summary: "Not a group of a directory",
			Detail: fmt.Sprintf("%s takes its members from %s, which is no group of a directory. "+
				"Use include_groups for a group block.", g.Key, refName(ref)),
			Origin: ref.Origin, Object: g.Key,
		})
	}
}

// checkSources finds a group that says nothing about its members, or says it
// although a directory does.
func (r *resolver) checkSources(g *Group) {
	b := g.Block
	said := b.MembersSaid || len(b.Members) > 0 || len(b.IncludeGroups) > 0 || len(b.Rules) > 0
	switch {
	case b.From == nil && !said:
		r.found(schema.Diagnostic{
			Severity: schema.Error, Code: "group-without-members", Summary: "Group without a source of members",
			Detail: fmt.Sprintf("%s has none of members, include_groups, rule and from. Left out never means empty: "+
				"say members = [] for a group of nobody.", g.Key),
			Origin: b.Origin, Object: g.Key,
		})
	case b.From != nil && said:
		r.found(schema.Diagnostic{
			Severity: schema.Error, Code: "read-only-group", Summary: "Members of a directory's group",
			Detail: fmt.Sprintf("%s comes from a directory, which alone says who is in it. "+
				"Remove from, or remove members, include_groups and rules.", g.Key),
			Origin: b.Origin, Object: g.Key,
			Related: []schema.Related{{Origin: b.From.Origin, Message: "the directory's group"}},
		})
	}
}

// fill computes who is in g. Each entry holds the person above how they came
// in, so that sorting puts the strongest way first. A block shares the members
// of the directory's group that it comes from.
func (r *resolver) fill(g *Group) {
	if same := r.filled[g.from]; same != nil {
		g.Members, g.via = same.Members, same.via
		return
	}
	var in []uint64
	add := func(p Person, v via) { in = append(in, uint64(p)<<32|uint64(v)) }
	if g.from != nil {
		r.filled[g.from] = g
		in = make([]uint64, 0, len(g.from.Members))
		rows := r.rows[g.directory]
		for i, row := range g.from.Members {
			add(rows[row], viaDirectory|via(i))
		}
	} else if b := g.Block; b != nil {
		in = make([]uint64, 0, len(b.Members))
		for i := range b.Members {
			if p, ok := r.person(b.Members[i]); ok {
				add(p, viaMember|via(i))
			}
		}
		r.include(g, add)
		for i := range b.Rules {
			r.runRule(g, i, add)
		}
	}
	slices.Sort(in)
	in = slices.CompactFunc(in, func(a, b uint64) bool { return a>>32 == b>>32 })
	g.Members, g.via = make([]Person, len(in)), make([]via, len(in))
	for i, e := range in {
		g.Members[i], g.via[i] = Person(e>>32), via(e)
	}
}

func (r *resolver) include(g *Group, add func(Person, via)) {
	for i, inc := range g.includes {
		if inc == noGroup {
			continue
		}
		for _, p := range r.d.Groups[inc].Members {
			add(p, viaInclude|via(i))
		}
	}
}

// Has reports whether p is in g.
func (g *Group) Has(p Person) bool {
	_, ok := slices.BinarySearch(g.Members, p)
	return ok
}
