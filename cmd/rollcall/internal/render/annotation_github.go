package render

import (
	"fmt"
	"io"
	"strings"
)

// How many annotations GitHub shows of a level in one step, and how many lines
// of ours one of them has.
const (
	githubAnnotations = 10
	githubLines       = 25
)

// githubLevels are the commands of the levels.
var githubLevels = [...]string{LevelError: "error", LevelWarning: "warning", LevelNotice: "notice"}

// GitHub writes annotations as workflow commands, errors first, and at most as
// many of each level as GitHub shows: where there are more, the last says so.
// Prefix is the configuration's folder in its repository.
func GitHub(w io.Writer, list []Annotation, prefix string) error {
	p := newPage(w, Style{})
	list = byLevel(list)
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].Level == list[0].Level {
			n++
		}
		shown := n
		if n > githubAnnotations {
			shown = githubAnnotations - 1
		}
		for i := range list[:shown] {
			p.command(githubCommand(&list[i], prefix))
		}
		if shown < n {
			p.command(githubCommand(&Annotation{Level: list[0].Level, Title: "There is more",
				Lines: []string{fmt.Sprintf("%d more places are not shown here. The command without -format=github shows all.", n-shown)}}, prefix))
		}
		list = list[n:]
	}
	return p.end()
}

// githubCommand is one workflow command. Nothing in it ends the line or a
// property: what could is escaped, as the runner's own toolkit does it.
func githubCommand(a *Annotation, prefix string) string {
	var properties []string
	property := func(name, value string) {
		properties = append(properties, name+"="+githubProperty.Replace(value))
	}
	if o := a.Origin; o.File != "" {
		property("file", Prose(repositoryPath(prefix, o.File)))
		if o.Line > 0 {
			property("line", fmt.Sprint(o.Line))
			property("endLine", fmt.Sprint(max(o.Line, o.EndLine)))
		}
		// Columns are for places in one line alone.
		if o.Line > 0 && o.Column > 0 && o.EndLine == o.Line && o.EndColumn > 0 {
			property("col", fmt.Sprint(o.Column))
			property("endColumn", fmt.Sprint(o.EndColumn))
		}
	}
	title := Prose(a.Title)
	if a.Check != "" {
		title += " [" + Prose(a.Check) + "]"
	}
	property("title", "rollcall: "+title)
	return "::" + githubLevels[a.Level] + " " + strings.Join(properties, ",") + "::" + githubData.Replace(annotationText(a, githubLines))
}

// annotationText is what an annotation says, in lines; no name ends one.
func annotationText(a *Annotation, most int) string {
	lines := make([]string, 0, len(a.Lines))
	for _, line := range a.Lines {
		lines = append(lines, Prose(line))
	}
	if n := len(lines); n > most {
		lines = append(lines[:most-1], fmt.Sprintf("and %d more", n-most+1))
	}
	return strings.Join(lines, "\n")
}

// The escapes of workflow commands, for their text and for their properties.
var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
