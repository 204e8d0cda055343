package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// A directory that was cut, or comes from a source which fails by half, reads
// without an error. What tells it from one that is whole is what was read before.
const (
	// shrinkFloor is how many may be missing whatever the share is.
	shrinkFloor = 10
	// agreeAfter is how far apart two reads are that may agree: a source that
	// fails gives the same for a while.
	agreeAfter = 10 * time.Minute
	// digestsKept is how many earlier reads are remembered.
	digestsKept = 3
)

// shrinkLimit is how much of a directory may be missing.
var shrinkLimit = schema.Limit{Share: true, Value: 10}

// reading is a directory's read as the state keeps it.
func (d *DirectoryInput) reading() Reading {
	return Reading{Digest: d.Digest, Users: d.Users, Groups: d.Groups, Members: d.Members, At: d.ReadAt.UTC()}
}

// directory returns what the state remembers of a directory, or nil.
func (s *State) directory(address string) *DirectoryState {
	i, ok := slices.BinarySearchFunc(s.Directories, address, func(d DirectoryState, a string) int { return cmp.Compare(d.Address, a) })
	if !ok {
		return nil
	}
	return &s.Directories[i]
}

// doubt says why a read is not believed: text for people, and whether a limit
// would let it pass. A nil one is believed.
type doubt struct {
	text    string
	allowed func(schema.Limit) bool
}

// doubts judges a read against what was read before.
func (d *DirectoryState) doubts(r *Reading) *doubt {
	if d == nil || d.Good.Digest == "" || d.Good.Digest == r.Digest || d.agrees(r) {
		return nil
	}
	good := &d.Good
	within := func(l schema.Limit) bool {
		fits := func(was, is int) bool { return isOff(l) || was-is <= allowedBy(l, shrinkFloor, was) }
		return fits(good.Users, r.Users) && fits(good.Groups, r.Groups) && fits(good.Members, r.Members)
	}
	if !within(shrinkLimit) {
		return &doubt{fmt.Sprintf("has %d people, %d groups and %d memberships, and had %d, %d and %d when it was read on %s",
			r.Users, r.Groups, r.Members, good.Users, good.Groups, good.Members, good.At.Format(time.RFC3339)), within}
	}
	if slices.Contains(d.Before, r.Digest) && slices.Contains(d.Before, good.Digest) {
		return &doubt{"goes back and forth between contents that it had before", func(schema.Limit) bool { return true }}
	}
	return nil
}

// agrees reports whether a read says what an earlier one said that was not
// believed: then both are.
func (d *DirectoryState) agrees(r *Reading) bool {
	return d.repeats(r) && r.At.Sub(d.Doubted.At) >= agreeAfter
}

// repeats reports whether r is much the same as the read that is doubted.
func (d *DirectoryState) repeats(r *Reading) bool {
	q := &d.Doubted
	near := func(a, b int) bool { return max(a-b, b-a) <= allowedBy(shrinkLimit, shrinkFloor, max(a, b)) }
	return q.Digest != "" && (q.Digest == r.Digest || near(q.Users, r.Users) && near(q.Groups, r.Groups) && near(q.Members, r.Members))
}

// NoteReadings writes into s what was read of each directory, and returns the
// addresses of those that are not believed. With believe, it also takes over
// those that are. changed tells whether s is another now.
func NoteReadings(s *State, read []DirectoryInput, believe bool) (doubted []string, changed bool) {
	for i := range read {
		r := read[i].reading()
		d := s.directory(read[i].Address)
		switch {
		case d.doubts(&r) != nil:
			doubted = append(doubted, read[i].Address)
			if !d.repeats(&r) {
				d.Doubted, changed = r, true
			}
		case !believe:
		case d == nil:
			at, _ := slices.BinarySearchFunc(s.Directories, read[i].Address, func(d DirectoryState, a string) int { return cmp.Compare(d.Address, a) })
			s.Directories = slices.Insert(s.Directories, at, DirectoryState{Address: read[i].Address, Good: r})
			changed = true
		case d.Good.Digest != r.Digest || d.Doubted.Digest != "":
			d.believe(&r)
			changed = true
		}
	}
	return doubted, changed
}

// believe makes r the last good read.
func (d *DirectoryState) believe(r *Reading) {
	if d.Good.Digest != r.Digest {
		d.Before = append(slices.Clone(d.Before), d.Good.Digest)
		d.Before = d.Before[max(0, len(d.Before)-digestsKept):]
	}
	d.Good, d.Doubted = *r, Reading{}
}

// guardDirectories blocks a plan that takes something away because of a read
// that is not believed. What it gives waits too: a blocked plan writes nothing.
func guardDirectories(p *draft, in Input) {
	for i := range in.Inputs.Directories {
		read := &in.Inputs.Directories[i]
		r, d := read.reading(), in.State.directory(read.Address)
		why := d.doubts(&r)
		if why == nil {
			continue
		}
		for _, app := range p.losing(read.Address) {
			p.blockDirectory(in, read, d, why, app)
		}
	}
}

// takesFrom reports whether ch takes something from a person of a directory, or
// ends a group, which may be for want of them.
func takesFrom(ch *Change, directory string) bool {
	of := func(key string) bool { return strings.HasPrefix(key, directory+".") }
	switch {
	case !takesAway(ch):
		return false
	case ch.Kind == KindUser:
		return of(ch.Key)
	}
	return ch.Action == Delete || slices.ContainsFunc(ch.Members.Remove, func(m Member) bool { return of(m.Key) })
}

// blockDirectory blocks one app's part of the plan, unless a waiver lets it pass.
func (p *draft) blockDirectory(in Input, read *DirectoryInput, d *DirectoryState, why *doubt, app string) {
	cfg := in.Desired.Config
	g := GuardResult{
		App: app, Code: "directory-shrank", Count: max(0, d.Good.Users-read.Users), Allowed: allowedBy(shrinkLimit, shrinkFloor, d.Good.Users),
		Owned: d.Good.Users, Object: read.Address, Blocked: true,
	}
	for i := range cfg.Directories {
		if b := &cfg.Directories[i]; string(b.Address) == read.Address {
			g.Origin = b.Origin
		}
	}
	for _, w := range in.Desired.waivers(schema.Address("app."+app), g.Code) {
		if in.Desired.inForce(w) && why.allowed(w.Limit) {
			p.needs(w)
			g.Blocked, g.Allowed = false, allowedBy(w.Limit, shrinkFloor, d.Good.Users)
			g.Waiver, g.Reason, g.Expires, g.Origin = w.Address, w.Reason, w.Expires, w.Origin
		}
	}
	p.Guards = append(p.Guards, g)
	if !g.Blocked {
		return
	}
	p.Applyable = false
	p.Findings = append(p.Findings, schema.Diagnostic{
		Severity: schema.Guarded, Code: g.Code, Summary: "Directory shrank", App: app, Object: read.Address, Origin: g.Origin,
		Detail: fmt.Sprintf("%s %s. Nothing is written until a second read agrees. Check the source. If it is right, %s.", read.Address, why.text, d.next(read)),
	})
}

// next is what to do about a read that is right.
func (d *DirectoryState) next(read *DirectoryInput) string {
	r := read.reading()
	if d.repeats(&r) {
		return "apply again after " + d.Doubted.At.Add(agreeAfter).Format(time.RFC3339) + ", or add a waiver"
	}
	return fmt.Sprintf("apply: that is refused, and notes this read; apply again %d minutes later, or add a waiver", int(agreeAfter.Minutes()))
}
