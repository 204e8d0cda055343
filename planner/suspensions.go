package planner

import "github.com/rollcall-dev/rollcall/schema"

// Suspension says of a person that being SUSPENDED leaves their account, and the
// groups that they are in, as they are: nothing of theirs is changed until they
// are not SUSPENDED any more.
type Suspension struct {
	Key, Login, App string
	Origin          schema.Origin
}

// Suspensions lists who becomes SUSPENDED where head takes the place of base, and
// has an app in both that takes no account away for it. No [Difference] shows
// them: what they have is the same. They are in the order of people, then apps.
func Suspensions(base, head *Desired) []Suspension {
	var all []Suspension
	for q := range head.People {
		u := &head.People[q]
		if u.Status != schema.Suspended {
			continue
		}
		p, ok := base.personByKey(u.Key())
		if !ok || base.People[p].Status == schema.Suspended {
			continue
		}
		for i := range head.Apps {
			s := &head.Apps[i]
			was := scopeAt(base, string(s.App.Address))
			if s.Has(head, Person(q)) && was != nil && was.Assigned(base, p) {
				all = append(all, Suspension{u.Key(), u.Login, s.App.Name, u.Origin})
			}
		}
	}
	return all
}
