package render

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/policy"
	"github.com/rollcall-dev/rollcall/providers/gitrepo"
	"github.com/rollcall-dev/rollcall/schema"
)

// ParseDiffJSON reads what [DiffJSON] wrote. It takes one document of a version
// that it knows, whole, and nothing after it; fields that are new in a minor
// version are left out. Nothing in it is trusted: it may come from whoever
// opened a pull request.
func ParseDiffJSON(r io.Reader) (Difference, error) {
	var doc differenceJSON
	in := json.NewDecoder(r)
	if err := in.Decode(&doc); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return Difference{}, errors.New("it is cut, or longer than can be")
	} else if err != nil {
		return Difference{}, fmt.Errorf("this is no document of `rollcall diff -json`: %w", err)
	}
	if _, err := in.Token(); err != io.EOF {
		return Difference{}, errors.New("something follows the document")
	}
	if major, _, _ := strings.Cut(doc.FormatVersion, "."); major != "1" {
		return Difference{}, fmt.Errorf("format_version is %q, and this rollcall reads 1: this is no document of `rollcall diff -json`, or of a newer rollcall", doc.FormatVersion)
	}
	// A document of another kind would read as a difference of nothing.
	if doc.Losses == nil || doc.Gains == nil || doc.Attributes == nil || doc.Pushes == nil || doc.Withheld == nil || doc.Kept == nil {
		return Difference{}, errors.New("this is no document of `rollcall diff -json`: a list is missing")
	}
	d := Difference{Base: sideOf(doc.Base), Head: sideOf(doc.Head), Difference: &planner.Difference{}}
	d.read(&doc)
	d.Policies = verdictOf(doc.Policies)
	return d, nil
}

// IsCommit reports whether id is written as the full id of a commit.
func IsCommit(id string) bool {
	return len(id) >= 40 && len(id) <= 64 && strings.Trim(id, "0123456789abcdef") == ""
}

func sideOf(s sideJSON) Side {
	return Side{Revision: s.Revision, Commit: s.Commit, History: History{
		Brought: map[gitrepo.Line]gitrepo.Source{}, Taken: map[gitrepo.Line]gitrepo.Source{},
	}}
}

// read turns the document's lists into those of d.
func (d *Difference) read(doc *differenceJSON) {
	d.Losses, d.Gains = d.readAccess(doc.Losses), d.readAccess(doc.Gains)
	for _, c := range doc.Attributes {
		d.Attributes = append(d.Attributes, planner.AttributeChange{
			App: c.App, Login: c.Login, Key: c.Key, Path: c.Path, Before: c.Before, After: c.After, Origin: d.readLine(false, c.lineJSON),
		})
	}
	for _, c := range doc.Pushes {
		d.Pushes = append(d.Pushes, planner.PushChange{
			App: c.App, Key: c.Key, Before: c.Before, After: c.After, Origin: d.readLine(c.After == "", c.lineJSON),
		})
	}
	for _, c := range doc.Withheld {
		d.Withheld = append(d.Withheld, planner.WithheldChange{
			App: c.App, Login: c.Login, Key: c.Key, Group: c.Group, Begins: c.Begins, Origin: d.readLine(!c.Begins, c.lineJSON),
		})
	}
	for _, c := range doc.Waivers {
		d.Waivers = append(d.Waivers, planner.WaiverChange{
			App: c.App, Address: schema.Address(c.Address), Begins: c.Begins, Ends: c.Ends, Guard: c.Guard, Limit: c.Limit,
			Protects: schema.Address(c.Protects), Expires: c.Expires, Expired: c.Expired, Reason: c.Reason,
			Origin: d.readLine(c.Ends, c.lineJSON),
		})
	}
	for _, s := range doc.Stale {
		d.Stale = append(d.Stale, planner.Stale{Directory: schema.Address(s.Directory), Text: s.Text, Origin: d.readLine(false, s.lineJSON)})
	}
	for _, k := range doc.Kept {
		d.Kept = append(d.Kept, planner.Kept{
			App: k.App, Login: k.Login, Key: k.Key,
			Before: d.readReasons(true, k.Before), Left: d.readReasons(false, k.Left), Through: d.readReasons(false, k.Through),
		})
	}
}

func (d *Difference) readAccess(list []accessChangeJSON) []planner.AccessChange {
	var out []planner.AccessChange
	for _, c := range list {
		out = append(out, planner.AccessChange{
			App: c.App, Login: c.Login, Key: c.Key, Group: c.Group,
			Before: d.readReasons(true, c.Before), After: d.readReasons(false, c.After),
		})
	}
	return out
}

func (d *Difference) readReasons(inBase bool, list []lineReasonJSON) []planner.Reason {
	var out []planner.Reason
	for _, r := range list {
		out = append(out, planner.Reason{Code: r.Code, Text: r.Text, Origin: d.readLine(inBase, r.lineJSON)})
	}
	return out
}

// verdictOf reads what became of policies; nil where there are none. A severity
// that is not known is an error's: nobody may play a failure down.
func verdictOf(list []*policyJSON) *policy.Verdict {
	if len(list) == 0 {
		return nil
	}
	v := &policy.Verdict{}
	for _, j := range list {
		if j == nil {
			continue
		}
		r := planner.PolicyResult{
			Address: schema.Address(j.Address), Severity: schema.Error, Passed: j.Passed, Failures: j.Failures,
			Messages: j.Messages, Origin: schema.Origin{File: j.File, Line: j.Line},
		}
		if s := schema.Severity(j.Severity); s == schema.Warning || s == schema.Info {
			r.Severity = s
		}
		v.Results = append(v.Results, r)
	}
	return v
}

// readLine returns a place, and notes its commits.
func (d *Difference) readLine(inBase bool, l lineJSON) schema.Origin {
	o, side := schema.Origin{File: l.File, Line: l.Line}, d.side(inBase)
	if l.Commit != nil {
		side.Brought[lineOf(o)] = sourceOf(l.Commit)
	}
	if l.RemovedBy != nil {
		side.Taken[lineOf(o)] = sourceOf(l.RemovedBy)
	}
	return o
}

// sourceOf is the commit of a line. What is no id is none: ids are shown as
// they are, so that a forge links them.
func sourceOf(j *commitJSON) gitrepo.Source {
	certainty := max(slices.Index(certainties[:], j.Status), 0)
	if !IsCommit(j.ID) {
		if certainty != int(gitrepo.Uncommitted) {
			certainty = int(gitrepo.Unknown)
		}
		return gitrepo.Source{Certainty: gitrepo.Certainty(certainty)}
	}
	c := gitrepo.Commit{ID: j.ID, Author: j.Author, Subject: j.Subject}
	if j.Date != nil {
		c.Date = *j.Date
	}
	return gitrepo.Source{Commit: c, Certainty: gitrepo.Certainty(certainty)}
}
