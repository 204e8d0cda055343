package render

import (
	"io"

	"github.com/rollcall-dev/rollcall/planner"
)

// differenceJSON is the document of `diff -json`.
type differenceJSON struct {
	FormatVersion string                `json:"format_version"`
	Base          sideJSON              `json:"base"`
	Head          sideJSON              `json:"head"`
	Losses        []accessChangeJSON    `json:"losses"`
	Gains         []accessChangeJSON    `json:"gains"`
	Attributes    []attributeChangeJSON `json:"attributes"`
	Pushes        []pushChangeJSON      `json:"pushes"`
	Withheld      []withheldChangeJSON  `json:"withheld"`
	Kept          []keptJSON            `json:"kept"`
	Summary       diffSummaryJSON       `json:"summary"`
}

// sideJSON is empty for the working tree.
type sideJSON struct {
	Revision string `json:"revision"`
	Commit   string `json:"commit"`
}

type accessChangeJSON struct {
	App    string       `json:"app"`
	Login  string       `json:"login"`
	Key    string       `json:"key"`
	Group  string       `json:"group"`
	Before []reasonJSON `json:"before"`
	After  []reasonJSON `json:"after"`
}

type attributeChangeJSON struct {
	App    string `json:"app"`
	Login  string `json:"login"`
	Key    string `json:"key"`
	Path   string `json:"path"`
	Before any    `json:"before"`
	After  any    `json:"after"`
	File   string `json:"file,omitempty"`
	Line   uint32 `json:"line,omitempty"`
}

type pushChangeJSON struct {
	App    string `json:"app"`
	Key    string `json:"key"`
	Before string `json:"before"`
	After  string `json:"after"`
	File   string `json:"file,omitempty"`
	Line   uint32 `json:"line,omitempty"`
}

type withheldChangeJSON struct {
	App    string `json:"app"`
	Login  string `json:"login"`
	Key    string `json:"key"`
	Group  string `json:"group"`
	Begins bool   `json:"begins"`
	File   string `json:"file,omitempty"`
	Line   uint32 `json:"line,omitempty"`
}

type keptJSON struct {
	App     string       `json:"app"`
	Login   string       `json:"login"`
	Key     string       `json:"key"`
	Left    []reasonJSON `json:"left"`
	Through []reasonJSON `json:"through"`
}

// diffSummaryJSON counts people, each once, and changes of the other kinds.
type diffSummaryJSON struct {
	Lose       int `json:"lose"`
	Gain       int `json:"gain"`
	Attributes int `json:"attributes"`
	Pushes     int `json:"pushes"`
	Withheld   int `json:"withheld"`
	Kept       int `json:"kept"`
}

// DiffJSON writes a difference as one document.
func DiffJSON(w io.Writer, d Difference) error { return writeJSON(w, differenceOf(d)) }

// differenceOf turns a difference into its document.
func differenceOf(d Difference) differenceJSON {
	doc := differenceJSON{
		FormatVersion: "1.0", Base: sideJSON{d.Base.Revision, d.Base.Commit}, Head: sideJSON{d.Head.Revision, d.Head.Commit},
		Losses: accessChangesJSON(d.Losses), Gains: accessChangesJSON(d.Gains),
		Attributes: []attributeChangeJSON{}, Pushes: []pushChangeJSON{}, Withheld: []withheldChangeJSON{}, Kept: []keptJSON{},
		Summary: diffSummaryJSON{
			peopleOf(d.Losses), peopleOf(d.Gains), len(d.Attributes), len(d.Pushes), len(d.Withheld), len(d.Kept),
		},
	}
	for _, c := range d.Attributes {
		doc.Attributes = append(doc.Attributes, attributeChangeJSON{c.App, c.Login, c.Key, c.Path, c.Before, c.After, c.Origin.File, c.Origin.Line})
	}
	for _, c := range d.Pushes {
		doc.Pushes = append(doc.Pushes, pushChangeJSON{c.App, c.Key, c.Before, c.After, c.Origin.File, c.Origin.Line})
	}
	for _, c := range d.Withheld {
		doc.Withheld = append(doc.Withheld, withheldChangeJSON{c.App, c.Login, c.Key, c.Group, c.Begins, c.Origin.File, c.Origin.Line})
	}
	for _, k := range d.Kept {
		doc.Kept = append(doc.Kept, keptJSON{k.App, k.Login, k.Key, reasonsJSON(k.Left), reasonsJSON(k.Through)})
	}
	return doc
}

func accessChangesJSON(changes []planner.AccessChange) []accessChangeJSON {
	list := make([]accessChangeJSON, 0, len(changes))
	for _, c := range changes {
		list = append(list, accessChangeJSON{c.App, c.Login, c.Key, c.Group, reasonsJSON(c.Before), reasonsJSON(c.After)})
	}
	return list
}
