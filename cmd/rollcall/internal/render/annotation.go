package render

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers/gitrepo"
	"github.com/rollcall-dev/rollcall/schema"
)

// Level is how loud an annotation is.
type Level uint8

// The levels, the loudest first.
const (
	LevelError Level = iota
	LevelWarning
	LevelNotice
)

// Annotation is a remark that a forge shows beside a line of a file.
type Annotation struct {
	Level Level
	// Origin is the place, relative to the configuration's root. Without a line
	// the remark is about the file, without a file about the whole.
	Origin schema.Origin
	// Check names the kind of remark: the code of a finding, or lost-access and
	// the like.
	Check string
	// Title is text of ours. The lines are sentences that may quote names.
	Title string
	Lines []string
	// Subjects are what it is about, for who wants to know it again at another line.
	Subjects []string
}

// FindingAnnotations turns findings into annotations.
func FindingAnnotations(found schema.Diagnostics) []Annotation {
	list := make([]Annotation, 0, len(found))
	for i := range found {
		d := &found[i]
		a := Annotation{Level: levelOf(d.Severity), Origin: d.Origin, Check: string(d.Code), Title: d.Summary,
			Subjects: []string{d.App, d.Object, d.Summary, d.Detail}}
		for line := range strings.SplitSeq(d.Detail, "\n") {
			a.Lines = append(a.Lines, line)
		}
		if d.Suggestion != "" && !strings.Contains(d.Detail, "Did you mean") {
			a.Lines = append(a.Lines, "Did you mean "+Terminal(d.Suggestion)+"?")
		}
		list = append(list, a)
	}
	return list
}

func levelOf(s schema.Severity) Level {
	switch s {
	case schema.Error, schema.Guarded:
		return LevelError
	case schema.Warning:
		return LevelWarning
	}
	return LevelNotice
}

// Annotations are the remarks on a difference: who loses, gains, is withheld or
// keeps what, on the line of the head that it comes from. What one line does is
// one remark.
func (d *Difference) Annotations() []Annotation {
	b := annotator{d: d, at: map[annotationKey]int{}}
	for i := range d.Losses {
		c := &d.Losses[i]
		b.add(LevelWarning, "lost-access", b.cause(c.After, c.Before), subjectOf(c.Key, c.App, c.Group), accessSentence(c, "loses", c.After))
	}
	for i := range d.Withheld {
		if w := &d.Withheld[i]; w.Begins {
			b.add(LevelWarning, "withheld", w.Origin, subjectOf(w.Key, w.App, w.Group), fmt.Sprintf("%s is withheld from %s, for want of the app.", Terminal(w.Login), accessText(w.App, w.Group)))
		}
	}
	for i := range d.Gains {
		c := &d.Gains[i]
		b.add(LevelNotice, "gained-access", b.newest(c.After), subjectOf(c.Key, c.App, c.Group), accessSentence(c, "gains", c.After))
	}
	for i := range d.Kept {
		k := &d.Kept[i]
		b.add(LevelNotice, "kept-access", b.cause(k.Left, k.Before), subjectOf(k.Key, k.App, ""),
			fmt.Sprintf("%s keeps %s: %s; but %s.", Terminal(k.Login), accessText(k.App, ""), reasonsText(k.Left), reasonsText(k.Through)))
	}
	for i := range d.Waivers {
		if w := &d.Waivers[i]; !w.Ends {
			_, text := waiverText(w, Terminal)
			b.add(LevelWarning, "waiver", w.Origin, string(w.Address), text+".")
		}
	}
	for i := range b.list {
		a := &b.list[i]
		a.Title = annotationTitles[a.Check] + " (" + fmt.Sprint(len(a.Lines)) + ")"
	}
	return b.list
}

// annotationTitles are the titles of remarks by their checks.
var annotationTitles = map[string]string{
	"lost-access": "Loses access", "withheld": "Withheld from a pushed group",
	"gained-access": "Gains access", "waiver": "Waiver of a guard", "kept-access": "Keeps access nevertheless",
}

func accessSentence(c *planner.AccessChange, verb string, why []planner.Reason) string {
	return fmt.Sprintf("%s %s %s: %s.", Terminal(c.Login), verb, accessText(c.App, c.Group), reasonsText(why))
}

func reasonsText(reasons []planner.Reason) string {
	texts := make([]string, len(reasons))
	for i, r := range reasons {
		texts[i] = Prose(r.Text) + place(r.Origin)
	}
	return strings.Join(texts, ", ")
}

// annotationKey tells remarks apart.
type annotationKey struct {
	check, file string
	line        uint32
}

type annotator struct {
	d    *Difference
	list []Annotation
	at   map[annotationKey]int
}

// newest is the line to remark on of a way that there is now: the one that came
// last, which made it a way; of one time, the one that is nearest to the person.
func (b *annotator) newest(way []planner.Reason) schema.Origin {
	var at schema.Origin
	var latest gitrepo.Source
	for i := range way {
		o := way[i].Origin
		s := b.d.Head.Brought[lineOf(o)]
		later := s.Certainty == gitrepo.Uncommitted ||
			latest.Certainty != gitrepo.Uncommitted && !s.Commit.Date.Before(latest.Commit.Date)
		if o.Known() && (!at.Known() || later) {
			at, latest = o, s
		}
	}
	return at
}

// cause is the line to remark on: the first that head has. What is gone has
// none; then it is the file that it stood in, if head still has that.
func (b *annotator) cause(after, before []planner.Reason) schema.Origin {
	for i := range after {
		if after[i].Origin.Known() {
			return after[i].Origin
		}
	}
	for i := range before {
		o := before[i].Origin
		if _, gone := b.d.Base.Taken[lineOf(o)]; gone && b.d.Sources[o.File] != nil {
			return schema.Origin{File: o.File}
		}
	}
	return schema.Origin{}
}

func (b *annotator) add(level Level, check string, o schema.Origin, subject, line string) {
	key := annotationKey{check, o.File, o.Line}
	i, ok := b.at[key]
	if !ok {
		i = len(b.list)
		b.at[key] = i
		b.list = append(b.list, Annotation{Level: level, Origin: o, Check: check})
	}
	b.list[i].Lines = append(b.list[i].Lines, line)
	b.list[i].Subjects = append(b.list[i].Subjects, subject)
}

func subjectOf(key, app, group string) string { return fmt.Sprintf("%q %q %q", key, app, group) }

// byLevel orders annotations, the loudest first, and otherwise as they are.
func byLevel(list []Annotation) []Annotation {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Annotation) int { return cmp.Compare(a.Level, b.Level) })
	return list
}

// repositoryPath is where a file is in its repository: a forge counts from there.
func repositoryPath(prefix, file string) string {
	if file == "" {
		return ""
	}
	return path.Join(prefix, file)
}
