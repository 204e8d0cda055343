package render

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers/gitrepo"
	"github.com/rollcall-dev/rollcall/schema"
)

// History says of lines of a configuration which commits they are from.
type History struct {
	// Brought says which commit brought a line; Taken, which took it away on the
	// way to the other configuration. A line may be in neither.
	Brought, Taken map[gitrepo.Line]gitrepo.Source
}

// lineOf is the line that an origin names.
func lineOf(o schema.Origin) gitrepo.Line { return gitrepo.Line{File: o.File, Number: o.Line} }

// Lines are the lines that d names, of both configurations, each once: those
// whose history is worth knowing.
func (d *Difference) Lines() (base, head []gitrepo.Line) {
	var sides [2]map[gitrepo.Line]bool
	for i := range sides {
		sides[i] = map[gitrepo.Line]bool{}
	}
	d.eachOrigin(func(o schema.Origin, inBase bool) {
		if o.Known() && o.Line > 0 {
			side := 1
			if inBase {
				side = 0
			}
			sides[side][lineOf(o)] = true
		}
	})
	return sortedLines(sides[0]), sortedLines(sides[1])
}

func sortedLines(set map[gitrepo.Line]bool) []gitrepo.Line {
	return slices.SortedFunc(maps.Keys(set), func(a, b gitrepo.Line) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Number, b.Number))
	})
}

// eachOrigin visits every place that d names, in the order of its lists, and
// says of which configuration it is.
func (d *Difference) eachOrigin(visit func(o schema.Origin, inBase bool)) {
	reasons := func(all []planner.Reason, inBase bool) {
		for i := range all {
			visit(all[i].Origin, inBase)
		}
	}
	for _, list := range [...][]planner.AccessChange{d.Losses, d.Gains} {
		for i := range list {
			reasons(list[i].Before, true)
			reasons(list[i].After, false)
		}
	}
	for i := range d.Attributes {
		visit(d.Attributes[i].Origin, false)
	}
	for i := range d.Pushes {
		visit(d.Pushes[i].Origin, d.Pushes[i].After == "")
	}
	for i := range d.Withheld {
		visit(d.Withheld[i].Origin, !d.Withheld[i].Begins)
	}
	for i := range d.Stale {
		visit(d.Stale[i].Origin, false)
	}
	for i := range d.Waivers {
		visit(d.Waivers[i].Origin, d.Waivers[i].Ends)
	}
	for i := range d.Kept {
		reasons(d.Kept[i].Before, true)
		reasons(d.Kept[i].Left, false)
		reasons(d.Kept[i].Through, false)
	}
}

// sourceText names the commit that a line is from; empty where that is not known.
func sourceText(s gitrepo.Source) string {
	switch s.Certainty {
	case gitrepo.Certain:
		return shortCommit(s.Commit.ID)
	case gitrepo.OrBefore:
		return shortCommit(s.Commit.ID) + " or before"
	case gitrepo.Uncommitted:
		return "not committed"
	}
	return ""
}

// origin returns FILE:LINE with the commits that brought the line and took it.
func (s *Side) origin(o schema.Origin) string {
	text := spot(o)
	if by := sourceText(s.Brought[lineOf(o)]); by != "" {
		text += ", " + by
	}
	if taken, ok := s.Taken[lineOf(o)]; ok {
		text += ", removed by " + shortCommit(taken.Commit.ID)
		if taken.Certainty == gitrepo.Uncommitted {
			text = text[:len(text)-len("by ")] + "in the working tree"
		}
	}
	return text
}

// place is [place] with commits.
func (s *Side) place(o schema.Origin) string {
	if !o.Known() {
		return ""
	}
	return " (" + s.origin(o) + ")"
}

// side is the configuration that an origin is of.
func (d *Difference) side(inBase bool) *Side {
	if inBase {
		return &d.Base
	}
	return &d.Head
}

// commits are those that d names, the newest first; lacking counts the lines
// whose commit is not known.
func (d *Difference) commits() (all []gitrepo.Commit, lacking int) {
	named := map[string]gitrepo.Commit{}
	unknown := map[gitrepo.Line]bool{}
	d.eachOrigin(func(o schema.Origin, inBase bool) {
		side := d.side(inBase)
		for _, s := range [...]gitrepo.Source{side.Brought[lineOf(o)], side.Taken[lineOf(o)]} {
			if s.Commit.ID != "" {
				named[s.Commit.ID] = s.Commit
			}
		}
		if s, asked := side.Brought[lineOf(o)]; asked && s.Certainty == gitrepo.Unknown {
			unknown[lineOf(o)] = true
		}
	})
	all = slices.SortedFunc(maps.Values(named), func(a, b gitrepo.Commit) int {
		return cmp.Or(b.Date.Compare(a.Date), cmp.Compare(a.ID, b.ID))
	})
	return all, len(unknown)
}

// lackingText says that the history was not read to its beginning.
func lackingText(n int) string {
	return fmt.Sprintf("%s without a commit: the history was not read that far.", count(n, "line"))
}

func commitDate(c gitrepo.Commit) string { return c.Date.Format(time.DateOnly) }

// commitList writes the commits that the places above name.
func (p *page) commitList(d *Difference) {
	all, lacking := d.commits()
	if len(all) > 0 {
		p.section("Commits")
	}
	for _, c := range all {
		p.wrapped("  "+shortCommit(c.ID)+"  "+commitDate(c)+"  ", "      ", Terminal(c.Author)+": "+Terminal(c.Subject))
	}
	if lacking > 0 {
		p.line()
		p.wrapped("", "  ", lackingText(lacking))
	}
}

// commitJSON is a commit of a line. Status is committed, at-or-before (the
// history before it is not in the clone), uncommitted or unknown; the commit is
// left out of the last two.
type commitJSON struct {
	Status  string     `json:"status"`
	ID      string     `json:"id,omitempty"`
	Author  string     `json:"author,omitempty"`
	Date    *time.Time `json:"date,omitempty"`
	Subject string     `json:"subject,omitempty"`
}

// certainties are the statuses of commits.
var certainties = [...]string{
	gitrepo.Unknown: "unknown", gitrepo.Certain: "committed", gitrepo.OrBefore: "at-or-before", gitrepo.Uncommitted: "uncommitted",
}

// commitOf tells of a line's commit, where it was asked for.
func commitOf(sources map[gitrepo.Line]gitrepo.Source, o schema.Origin) *commitJSON {
	s, ok := sources[lineOf(o)]
	if !ok {
		return nil
	}
	j := &commitJSON{Status: certainties[s.Certainty], ID: s.Commit.ID, Author: s.Commit.Author, Subject: s.Commit.Subject}
	if s.Commit.ID != "" {
		j.Date = &s.Commit.Date
	}
	return j
}
