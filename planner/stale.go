package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// clockSkew is how far ahead of our clock something may be dated: clocks differ.
const clockSkew = 10 * time.Minute

// Stale is a directory that is older than it may be, or may be so for all that
// is known.
type Stale struct {
	Directory schema.Address
	// Age is how old it is, to the minute; zero where that is not known. MaxAge is
	// how old it may be.
	Age, MaxAge time.Duration
	// Text says so in sentences, with the time and what says it.
	Text string
	// Origin is where max_age stands.
	Origin schema.Origin
}

// Stale returns the directories that are older than they may be, in the order of
// their addresses. What they would take away no plan takes, see [Compute].
func (d *Desired) Stale() []Stale {
	var all []Stale
	for i := range d.Config.Directories {
		b := &d.Config.Directories[i]
		if from, read := d.dated[b.Address]; read && b.MaxAge > 0 {
			if s := d.judgeAge(b, from); s.Text != "" {
				all = append(all, s)
			}
		}
	}
	return all
}

// judgeAge says what is wrong with the age of one directory; nothing, if Text is empty.
func (d *Desired) judgeAge(b *schema.DirectoryBlock, from schema.Dated) Stale {
	s := Stale{Directory: b.Address, MaxAge: b.MaxAge, Origin: originOr(b.AgeOrigin, b.Origin)}
	at := from.At.UTC().Format(time.RFC3339)
	switch ahead, age := from.At.Sub(d.clock()), d.guardTime().Sub(from.At); {
	case from.At.IsZero():
		s.Text = fmt.Sprintf("How old %s is cannot be told: %s.", b.Address, from.By)
	case ahead > clockSkew:
		// It would be fresh for as long as the clocks differ, or for ever.
		s.Text = fmt.Sprintf("How old %s is cannot be told: it is from %s by %s, and that is ahead of this machine's clock by %s. One of the two is wrong.",
			b.Address, at, from.By, old(ahead))
	case age > b.MaxAge:
		s.Age = age.Truncate(time.Minute)
		s.Text = fmt.Sprintf("%s is from %s by %s. That is %s ago, and max_age is %s.", b.Address, at, from.By, old(age), span(b.MaxAge))
	}
	return s
}

// guardTime is the moment that guards go by: whoever plans for the past does not
// bring back a waiver that ended, nor the youth of a file.
func (d *Desired) guardTime() time.Time {
	if d.now.After(d.AsOf) {
		return d.now
	}
	return d.AsOf
}

// clock is what the run's clock says.
func (d *Desired) clock() time.Time {
	if d.now.IsZero() {
		return d.AsOf
	}
	return d.now
}

// old says how long ago something was: to the minute, and what is long to the hour.
func old(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= 2*day {
		return fmt.Sprintf("%dd%dh", d/day, d%day/time.Hour)
	}
	return span(d.Truncate(time.Minute))
}

// span writes a duration as the configuration does: 36h, 1h30m, 45m.
func span(d time.Duration) string {
	text := d.String()
	for _, nothing := range []string{"0s", "0m"} {
		if short, ok := strings.CutSuffix(text, nothing); ok && strings.TrimRight(short, "hm") != short {
			text = short
		}
	}
	return text
}

// noteAges takes down when each directory is from.
func (r *resolver) noteAges() {
	r.d.dated = make(map[schema.Address]schema.Dated, len(r.facts.Directories))
	for address, dir := range r.facts.Directories {
		if dir != nil {
			r.d.dated[address] = dir.Dated
		}
	}
}

// checkAges warns of directories that are older than they may be, also where
// nothing is planned.
func (r *resolver) checkAges() {
	for _, s := range r.d.Stale() {
		r.found(schema.Diagnostic{
			Severity: schema.Warning, Code: "directory-stale", Summary: "Directory is stale", Object: string(s.Directory), Origin: s.Origin,
			Detail: s.Text + " Until it is exported anew, a plan that takes something from its people is blocked.",
		})
	}
}

// guardStale blocks a plan that takes something away because of a directory that
// is older than it may be. What it gives waits too: a blocked plan writes nothing.
func guardStale(p *draft, in Input) {
	for _, s := range in.Desired.Stale() {
		for _, app := range p.losing(string(s.Directory)) {
			p.blockStale(in.Desired, &s, app)
		}
	}
}

// blockStale blocks one app's part of the plan, unless a waiver lets it pass. Of
// a directory whose age is not known, none does.
func (p *draft) blockStale(d *Desired, s *Stale, app string) {
	minutes := func(d time.Duration) int { return int(d / time.Minute) }
	g := GuardResult{
		App: app, Code: "directory-stale", Count: minutes(s.Age), Allowed: minutes(s.MaxAge), Object: string(s.Directory), Origin: s.Origin, Blocked: true,
	}
	for _, w := range d.waivers(schema.Address("app."+app), g.Code) {
		if d.inForce(w) && s.Age > 0 && s.Age <= w.MaxAge {
			p.needs(w)
			g.Blocked, g.Allowed = false, minutes(w.MaxAge)
			g.Waiver, g.Reason, g.Expires, g.Origin = w.Address, w.Reason, w.Expires, w.Origin
		}
	}
	p.Guards = append(p.Guards, g)
	if !g.Blocked {
		return
	}
	p.Applyable = false
	p.Findings = slices.DeleteFunc(p.Findings, func(f schema.Diagnostic) bool { // it says so itself
		return f.Code == g.Code && f.Severity == schema.Warning && f.Object == g.Object
	})
	way := "Export it anew, or add a waiver."
	if s.Age == 0 {
		way = "Mend that, or say exported_at."
	}
	p.Findings = append(p.Findings, schema.Diagnostic{
		Severity: schema.Guarded, Code: g.Code, Summary: "Directory is stale", App: app, Object: g.Object, Origin: g.Origin,
		Detail: s.Text + " Nothing is written while the plan takes something from its people. " + way,
	})
}

// losing are the apps in which the plan takes something from the people of a
// directory, in their order.
func (p *draft) losing(directory string) []string {
	var apps []string
	for i := range p.Changes {
		ch := &p.Changes[i]
		if !ch.ReportOnly && takesFrom(ch, directory) && !slices.Contains(apps, ch.App) {
			apps = append(apps, ch.App)
		}
	}
	slices.SortStableFunc(apps, cmp.Compare[string])
	return apps
}
