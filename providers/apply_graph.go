package providers

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/planner"
)

// graph is the order in which the changes of a plan are sent. Nodes are
// indexes into the plan's changes.
type graph struct {
	changes []planner.Change
	index   map[string]int32
	// stages are, by lane, the stages one after the other.
	lanes []stages
	// laneOf is the lane of every change.
	laneOf []int32
	// then are the changes that wait for a change to end, well or not; waits
	// counts those that a change waits for.
	then  [][]int32
	waits []int32
}

// stages are groups of changes, each of which begins when the one before has ended.
type stages [][]int32

// place is where a change stands in its lane.
type place struct {
	wave  int
	class planner.MemberClass
}

// newGraph orders changes. Lane says which lane an app's changes run in.
func newGraph(changes []planner.Change, lanes int, lane map[string]int32) (*graph, error) {
	g := &graph{
		changes: changes,
		index:   make(map[string]int32, len(changes)),
		lanes:   make([]stages, lanes),
		laneOf:  make([]int32, len(changes)),
		then:    make([][]int32, len(changes)),
		waits:   make([]int32, len(changes)),
	}
	for i := range changes {
		id := changes[i].ID
		if _, twice := g.index[id]; twice {
			return nil, fmt.Errorf("the plan has two changes called %q", id)
		}
		g.index[id] = int32(i)
		g.laneOf[i] = lane[changes[i].App]
	}
	g.stage()
	if err := g.linkNeeds(); err != nil {
		return nil, err
	}
	g.linkMoves()
	return g, nil
}

// stage sorts the changes of each lane into stages. Sorting is stable: inside
// a stage the plan's order stays.
func (g *graph) stage() {
	order := make([]int32, len(g.changes))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		return comparePlaces(placeOf(&g.changes[a]), placeOf(&g.changes[b]))
	})
	last := make([]place, len(g.lanes))
	for _, i := range order {
		l, p := g.laneOf[i], placeOf(&g.changes[i])
		if n := len(g.lanes[l]); n == 0 || last[l] != p {
			g.lanes[l] = append(g.lanes[l], nil)
			last[l] = p
		}
		n := len(g.lanes[l]) - 1
		g.lanes[l][n] = append(g.lanes[l][n], i)
	}
}

// linkNeeds makes every change wait for those it needs and for those that
// bring its members. They must come before it, or the plan could never end.
func (g *graph) linkNeeds() error {
	linked := g.newMarks()
	for i := range g.changes {
		c := &g.changes[i]
		for _, id := range c.Needs {
			if err := g.linkNeed(int32(i), id, linked); err != nil {
				return err
			}
		}
		for m := range c.Members.Add {
			if id := c.Members.Add[m].Change; id != "" {
				if err := g.linkNeed(int32(i), id, linked); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (g *graph) linkNeed(i int32, id string, linked marks) error {
	n, ok := g.index[id]
	if !ok {
		return fmt.Errorf("change %q needs %q, which is not in the plan", g.changes[i].ID, id)
	}
	if n >= i || g.laneOf[n] != g.laneOf[i] || comparePlaces(placeOf(&g.changes[n]), placeOf(&g.changes[i])) > 0 {
		return fmt.Errorf("change %q needs %q, which does not come before it", g.changes[i].ID, id)
	}
	g.link(n, i, linked)
	return nil
}

// marks hold, for every change, the last one that waits for it, plus one.
type marks []int32

func (g *graph) newMarks() marks { return make(marks, len(g.changes)) }

// link makes second wait for first, once.
func (g *graph) link(first, second int32, linked marks) {
	if linked[first] == second+1 {
		return
	}
	linked[first] = second + 1
	g.then[first] = append(g.then[first], second)
	g.waits[second]++
}

// linkMoves lets whoever moves between two groups of the mixed class gain the
// one before losing the other, where the plan's order has the gain first. The
// loss waits for the gain to end, not to succeed: a revocation is not held
// back by a grant.
func (g *graph) linkMoves() {
	linked := g.newMarks()
	for _, lane := range g.lanes {
		for _, stage := range lane {
			if placeOf(&g.changes[stage[0]]).class == planner.Mixed {
				g.linkStage(stage, linked)
			}
		}
	}
}

func (g *graph) linkStage(stage []int32, linked marks) {
	gained := map[string][]int32{} // by remote id, the changes that add it
	for _, i := range stage {
		members := &g.changes[i].Members
		for m := range members.Remove {
			for _, gain := range gained[members.Remove[m].RemoteID] {
				g.link(gain, i, linked)
			}
		}
		for m := range members.Add {
			id := members.Add[m].RemoteID
			gained[id] = append(gained[id], i)
		}
	}
}

func placeOf(c *planner.Change) place { return place{c.Wave, c.MemberClass()} }

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.wave, b.wave), cmp.Compare(a.class, b.class))
}
