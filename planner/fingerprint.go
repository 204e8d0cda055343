package planner

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/schema"
)

// digestAbsent is the base of a change whose object does not exist yet.
const digestAbsent = "absent"

// canon writes values into a hash so that different values differ in it: every
// text comes with its length, every value with its kind. It gathers bytes
// before it hashes them, so that a text costs no allocation.
type canon struct {
	h   hash.Hash
	buf []byte
}

func newCanon() *canon { return &canon{h: sha256.New(), buf: make([]byte, 0, 512)} }

func (c *canon) text(parts ...string) {
	for _, s := range parts {
		c.number(uint64(len(s)))
		c.buf = append(c.buf, s...)
	}
}

func (c *canon) number(n uint64) {
	const enough = 4096
	if len(c.buf) > enough {
		c.flush()
	}
	c.buf = binary.BigEndian.AppendUint64(c.buf, n)
}

func (c *canon) flush() {
	c.h.Write(c.buf)
	c.buf = c.buf[:0]
}

func (c *canon) sum() []byte {
	c.flush()
	return c.h.Sum(nil)
}

func (c *canon) flag(b bool) {
	if b {
		c.number(1)
	} else {
		c.number(0)
	}
}

func (c *canon) values(vs []schema.Value) {
	c.number(uint64(len(vs)))
	for i := range vs {
		c.text(vs[i].Path)
		c.value(vs[i].Value)
	}
}

func (c *canon) value(v any) {
	switch v := v.(type) {
	case nil:
		c.text("null")
	case string:
		c.text("string", v)
	case bool:
		c.text("bool")
		c.flag(v)
	case float64:
		c.text("number")
		c.number(math.Float64bits(v))
	case []any:
		c.text("list")
		c.number(uint64(len(v)))
		for _, e := range v {
			c.value(e)
		}
	case map[string]any:
		c.text("map")
		c.number(uint64(len(v)))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			c.text(k)
			c.value(v[k])
		}
	default:
		c.text("other", fmt.Sprintf("%T %v", v, v))
	}
}

// short is enough of the sum to tell objects apart.
func (c *canon) short() string { return hex.EncodeToString(c.sum()[:16]) }

func digest(parts ...string) string {
	c := newCanon()
	c.text(parts...)
	return c.short()
}

// digestUser names an account as it was read.
func digestUser(u *RemoteUser) string {
	c := newCanon()
	c.text("user", u.ID, u.UserName, u.ExternalID)
	c.flag(u.Active)
	c.values(u.Attributes)
	return c.short()
}

// digestGroup names a group as it was read, with its members by id.
func digestGroup(r *Remote, g *RemoteGroup) string {
	c := newCanon()
	c.text("group", g.ID, g.DisplayName, g.ExternalID)
	c.flag(g.MembersKnown)
	c.number(uint64(len(g.Members)))
	for _, m := range g.Members {
		c.text(r.Users[m].ID)
	}
	c.number(uint64(len(g.Foreign)))
	c.text(g.Foreign...)
	return c.short()
}

// The form of a fingerprint: how it begins, and how many digits follow.
const (
	fingerprintVersion = "rc1:"
	fingerprintDigits  = 2 * sha256.Size
)

// IsFingerprint reports whether s is written as Fingerprint writes: whole, and
// in lower case.
func IsFingerprint(s string) bool {
	digits, ok := strings.CutPrefix(s, fingerprintVersion)
	return ok && len(digits) == fingerprintDigits && strings.Trim(digits, "0123456789abcdef") == ""
}

// Fingerprint returns the name of a plan with these changes: "rc1:" and the
// SHA-256 of what they do and what they were computed against, in lower-case
// hex. Reasons, places and times are no part of it: a comment moved in a file
// does not make another plan.
func Fingerprint(changes []Change) string {
	c := newCanon()
	c.number(uint64(len(changes)))
	for i := range changes {
		c.change(&changes[i])
	}
	return fingerprintVersion + hex.EncodeToString(c.sum())
}

func (c *canon) change(ch *Change) {
	c.text(ch.ID, ch.App, string(ch.Kind), ch.Key, ch.Name, ch.RemoteID, string(ch.Action), ch.Base)
	c.number(uint64(ch.Wave))
	c.number(uint64(ch.Requests))
	c.flag(ch.ReportOnly)
	c.number(uint64(len(ch.Needs)))
	c.text(ch.Needs...)
	c.values(ch.Before)
	c.values(ch.After)
	c.members(ch.Members.Add)
	c.members(ch.Members.Remove)
	l := &ch.Link
	c.text(l.Identity, l.ExternalID, string(l.Source), l.Push, string(l.OnUnpush), string(l.OnUnassign), l.From, l.FromApp)
	c.flag(l.Pushed)
	c.flag(l.Additive)
	c.values(l.Known)
	c.number(uint64(len(l.KnownMembers)))
	c.text(l.KnownMembers...)
	c.guarded(l)
}

// guarded writes what guards keep in the state; nothing, where that is nothing,
// so that a plan without it is called what it always was.
func (c *canon) guarded(l *Link) {
	if !l.Protected && !l.Taken && !l.Gone && l.Lost == 0 && l.Terms == (Terms{}) {
		return
	}
	c.text("guarded")
	c.flag(l.Protected)
	c.flag(l.Taken)
	c.flag(l.Gone)
	c.number(uint64(l.Lost))
	c.terms(&l.Terms)
}

func (c *canon) terms(t *Terms) {
	for _, l := range []schema.Limit{t.MaxDeactivations, t.MaxRemovals} {
		c.flag(l.Share)
		c.number(math.Float64bits(l.Value))
	}
	c.number(uint64(t.Floor))
	c.number(uint64(t.Window))
}

func (c *canon) members(ms []Member) {
	c.number(uint64(len(ms)))
	for i := range ms {
		c.text(ms[i].Name, ms[i].Key, ms[i].RemoteID, ms[i].Change)
	}
}
