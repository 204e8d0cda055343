package planner

import (
	"cmp"
	"slices"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// WaiverChange is a waiver that is declared or taken away, or says something
// else than it did. Nobody gains or loses by it alone: it lets a later plan pass.
type WaiverChange struct {
	Address schema.Address
	// App is the app's name; it is empty where the waiver names an app that is
	// not declared.
	App string
	// Begins and Ends tell a waiver that is declared, or taken away; one with
	// neither says something else.
	Begins, Ends bool
	// Guard is the code of the guard whose limit is Limit, as HCL writes it.
	// Both are empty where Protects is the person or group whose protection is
	// lifted.
	Guard, Limit string
	Protects     schema.Address
	Expires      time.Time
	// Expired: it is over at the moment that is compared for.
	Expired bool
	Reason  string
	Origin  schema.Origin
}

// waivers compares what is let past guards. A waiver that was over before and is
// over now makes no difference to anybody.
func (f *differ) waivers() {
	was := waiversOf(f.base.d)
	is := waiversOf(f.head.d)
	for address, w := range is {
		b, declared := was[address]
		switch {
		case !declared:
			w.Begins = true
		case b.says(w), b.Expired && w.Expired:
			continue
		}
		f.out.Waivers = append(f.out.Waivers, w)
	}
	for address, w := range was {
		if _, declared := is[address]; !declared && !w.Expired {
			w.Ends = true
			f.out.Waivers = append(f.out.Waivers, w)
		}
	}
	slices.SortFunc(f.out.Waivers, func(a, b WaiverChange) int {
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Address, b.Address))
	})
}

// says reports whether two waivers say the same, wherever they stand.
func (w WaiverChange) says(o WaiverChange) bool {
	w.Origin = o.Origin
	return w == o
}

func waiversOf(d *Desired) map[schema.Address]WaiverChange {
	all := make(map[schema.Address]WaiverChange, len(d.Config.Waivers))
	for i := range d.Config.Waivers {
		w := &d.Config.Waivers[i]
		c := WaiverChange{
			Address: w.Address, Guard: w.Guard, Protects: w.Protects, Reason: w.Reason, Origin: w.Origin,
			Expires: w.Expires.UTC(), Expired: !d.AsOf.Before(w.Expires),
		}
		switch {
		case w.MaxAge > 0:
			c.Limit = span(w.MaxAge)
		case w.Guard != "":
			c.Limit = w.Limit.String()
		}
		if s := scopeAt(d, string(w.App)); s != nil {
			c.App = s.App.Name
		}
		all[w.Address] = c
	}
	return all
}
