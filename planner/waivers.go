package planner

import (
	"fmt"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// waiver finds the waiver in force for a guard of the app; of several, the one
// that lets most pass.
func (c *comparison) waiver(guard schema.Code) *schema.Waiver {
	var best *schema.Waiver
	for _, w := range c.d.waivers(c.app.Address, guard) {
		if c.d.inForce(w) && (best == nil || wider(w.Limit, best.Limit)) {
			best = w
		}
	}
	return best
}

// ended finds a waiver for a guard of the app that is not in force any more.
func (c *comparison) ended(guard schema.Code) *schema.Waiver {
	for _, w := range c.d.waivers(c.app.Address, guard) {
		if !c.d.inForce(w) {
			return w
		}
	}
	return nil
}

// waivers are those for a guard of an app, also those that ended.
func (d *Desired) waivers(app schema.Address, guard schema.Code) []*schema.Waiver {
	var all []*schema.Waiver
	for i := range d.Config.Waivers {
		if w := &d.Config.Waivers[i]; w.App == app && w.Guard == string(guard) {
			all = append(all, w)
		}
	}
	return all
}

// inForce reports whether a waiver has not ended.
func (d *Desired) inForce(w *schema.Waiver) bool { return d.guardTime().Before(w.Expires) }

// wider orders limits of one kind; a share comes before a count.
func wider(a, b schema.Limit) bool {
	if a.Share != b.Share {
		return a.Share
	}
	return a.Value > b.Value
}

// checkWaivers warns of waivers that ended: they let nothing pass any more, and
// are in the way of whoever reads what is let pass.
func (r *resolver) checkWaivers() {
	for i := range r.cfg.Waivers {
		if w := &r.cfg.Waivers[i]; !r.d.inForce(w) {
			r.found(schema.Diagnostic{
				Severity: schema.Warning, Code: "waiver-expired", Summary: "Waiver that ended", App: w.App.Name(), Object: string(w.Address), Origin: w.Origin,
				Detail: fmt.Sprintf("%s ended on %s and lets nothing pass any more. Take it out.", w.Address, w.Expires.UTC().Format(time.RFC3339)),
			})
		}
	}
}

// needs notes that the plan would not pass without w.
func (p *draft) needs(w *schema.Waiver) {
	if p.needed == nil {
		p.needed = make(map[schema.Address]bool)
	}
	p.needed[w.Address] = true
}

// noteUnused says which waivers in force the plan passes without. Of an app that
// is only reported on that says nothing, nor of a plan for a part.
func (p *draft) noteUnused(in Input) {
	d := in.Desired
	for i := range d.Config.Waivers {
		w, s := &d.Config.Waivers[i], (*Scope)(nil)
		if d.inForce(w) && !p.needed[w.Address] {
			s = scopeAt(d, string(w.App))
		}
		if s == nil || s.App.ReportOnly {
			continue
		}
		p.Findings = append(p.Findings, schema.Diagnostic{
			Severity: schema.Info, Code: "waiver-unused", Summary: "Waiver that nothing needs", App: s.App.Name, Object: string(w.Address), Origin: w.Origin,
			Detail: fmt.Sprintf("This plan passes without %s, which is in force until %s. If what it was for is done, take it out: it would let something else pass.",
				w.Address, w.Expires.UTC().Format(time.RFC3339)),
		})
	}
}
