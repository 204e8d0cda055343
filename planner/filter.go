package planner

import (
	"fmt"

	"github.com/rollcall-dev/rollcall/schema"
)

// scopeFilter limits a plan to one app or one person. The zero value limits
// nothing.
type scopeFilter struct {
	appAddress schema.Address
	// who is a person's key, of today or of the state.
	who   string
	whom  Person
	known bool
}

func newScopeFilter(in Input) (scopeFilter, error) {
	if in.Only == "" {
		return scopeFilter{}, nil
	}
	for i := range in.Desired.Apps {
		if in.Desired.Apps[i].App.Address == in.Only {
			return scopeFilter{appAddress: in.Only}, nil
		}
	}
	if p, ok := in.Desired.personByKey(string(in.Only)); ok {
		return scopeFilter{who: in.Desired.People[p].Key(), whom: p, known: true}, nil
	}
	for i := range in.State.Apps {
		if in.State.Apps[i].hasUser(string(in.Only)) {
			return scopeFilter{who: string(in.Only)}, nil
		}
	}
	return scopeFilter{}, fmt.Errorf("plan only %s: it is no app and no person, here or in the state", in.Only)
}

func (f scopeFilter) all() bool                 { return f == scopeFilter{} }
func (f scopeFilter) app(a schema.Address) bool { return f.appAddress == "" || f.appAddress == a }
func (f scopeFilter) person(p Person) bool      { return f.who == "" || f.known && f.whom == p }
func (f scopeFilter) key(key string) bool       { return f.who == "" || f.who == key }

// wholeGroups: groups are made, renamed and ended, not only a person's
// membership changed.
func (f scopeFilter) wholeGroups() bool { return f.who == "" }
