package render

import (
	"io"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
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
	Waivers       []waiverChangeJSON    `json:"waivers"`
	Stale         []staleLineJSON       `json:"stale"`
	Policies      []*policyJSON         `json:"policies"`
	Summary       diffSummaryJSON       `json:"summary"`
}

// lineJSON is a line with the commit that brought it and, of a line of the base
// that the head has not, the one that removed it.
type lineJSON struct {
	File      string      `json:"file,omitempty"`
	Line      uint32      `json:"line,omitempty"`
	Commit    *commitJSON `json:"commit,omitempty"`
	RemovedBy *commitJSON `json:"removed_by,omitempty"`
}

func (s *Side) lineJSON(o schema.Origin) lineJSON {
	return lineJSON{o.File, o.Line, commitOf(s.Brought, o), commitOf(s.Taken, o)}
}

type lineReasonJSON struct {
	Code string `json:"code"`
	Text string `json:"text"`
	lineJSON
}

func (s *Side) reasonsJSON(reasons []planner.Reason) []lineReasonJSON {
	list := make([]lineReasonJSON, 0, len(reasons))
	for _, r := range reasons {
		list = append(list, lineReasonJSON{r.Code, r.Text, s.lineJSON(r.Origin)})
	}
	return list
}

// sideJSON is empty for the working tree.
type sideJSON struct {
	Revision string `json:"revision"`
	Commit   string `json:"commit"`
}

type accessChangeJSON struct {
	App    string           `json:"app"`
	Login  string           `json:"login"`
	Key    string           `json:"key"`
	Group  string           `json:"group"`
	Before []lineReasonJSON `json:"before"`
	After  []lineReasonJSON `json:"after"`
}

type attributeChangeJSON struct {
	App    string `json:"app"`
	Login  string `json:"login"`
	Key    string `json:"key"`
	Path   string `json:"path"`
	Before any    `json:"before"`
	After  any    `json:"after"`
	lineJSON
}

type pushChangeJSON struct {
	App    string `json:"app"`
	Key    string `json:"key"`
	Before string `json:"before"`
	After  string `json:"after"`
	lineJSON
}

type withheldChangeJSON struct {
	App    string `json:"app"`
	Login  string `json:"login"`
	Key    string `json:"key"`
	Group  string `json:"group"`
	Begins bool   `json:"begins"`
	lineJSON
}

type keptJSON struct {
	App     string           `json:"app"`
	Login   string           `json:"login"`
	Key     string           `json:"key"`
	Before  []lineReasonJSON `json:"before"`
	Left    []lineReasonJSON `json:"left"`
	Through []lineReasonJSON `json:"through"`
}

// waiverChangeJSON has either guard and limit, or protects.
type waiverChangeJSON struct {
	App      string    `json:"app"`
	Address  string    `json:"address"`
	Begins   bool      `json:"begins"`
	Ends     bool      `json:"ends"`
	Guard    string    `json:"guard,omitempty"`
	Limit    string    `json:"limit,omitempty"`
	Protects string    `json:"protects,omitempty"`
	Expires  time.Time `json:"expires"`
	Expired  bool      `json:"expired"`
	Reason   string    `json:"reason"`
	lineJSON
}

type staleLineJSON struct {
	Directory string `json:"directory"`
	Text      string `json:"text"`
	lineJSON
}

// diffSummaryJSON counts people, each once, and changes of the other kinds.
type diffSummaryJSON struct {
	Lose       int `json:"lose"`
	Gain       int `json:"gain"`
	Attributes int `json:"attributes"`
	Pushes     int `json:"pushes"`
	Withheld   int `json:"withheld"`
	Kept       int `json:"kept"`
	Waivers    int `json:"waivers"`
}

// DiffJSON writes a difference as one document.
func DiffJSON(w io.Writer, d Difference) error { return writeJSON(w, differenceOf(&d)) }

// differenceOf turns a difference into its document.
func differenceOf(d *Difference) differenceJSON {
	doc := differenceJSON{
		FormatVersion: "1.0", Base: sideJSON{d.Base.Revision, d.Base.Commit}, Head: sideJSON{d.Head.Revision, d.Head.Commit},
		Losses: d.accessChangesJSON(d.Losses), Gains: d.accessChangesJSON(d.Gains),
		Attributes: []attributeChangeJSON{}, Pushes: []pushChangeJSON{}, Withheld: []withheldChangeJSON{}, Kept: []keptJSON{}, Waivers: []waiverChangeJSON{}, Stale: []staleLineJSON{},
		Policies: policiesOf(d.Policies),
		Summary: diffSummaryJSON{
			peopleOf(d.Losses), peopleOf(d.Gains), len(d.Attributes), len(d.Pushes), len(d.Withheld), len(d.Kept), len(d.Waivers),
		},
	}
	for _, c := range d.Attributes {
		doc.Attributes = append(doc.Attributes, attributeChangeJSON{c.App, c.Login, c.Key, c.Path, c.Before, c.After, d.Head.lineJSON(c.Origin)})
	}
	for _, c := range d.Pushes {
		doc.Pushes = append(doc.Pushes, pushChangeJSON{c.App, c.Key, c.Before, c.After, d.side(c.After == "").lineJSON(c.Origin)})
	}
	for _, c := range d.Withheld {
		doc.Withheld = append(doc.Withheld, withheldChangeJSON{c.App, c.Login, c.Key, c.Group, c.Begins, d.side(!c.Begins).lineJSON(c.Origin)})
	}
	for _, c := range d.Waivers {
		doc.Waivers = append(doc.Waivers, waiverChangeJSON{c.App, string(c.Address), c.Begins, c.Ends, c.Guard, c.Limit,
			string(c.Protects), c.Expires, c.Expired, c.Reason, d.side(c.Ends).lineJSON(c.Origin)})
	}
	for _, s := range d.Stale {
		doc.Stale = append(doc.Stale, staleLineJSON{string(s.Directory), s.Text, d.Head.lineJSON(s.Origin)})
	}
	for _, k := range d.Kept {
		doc.Kept = append(doc.Kept, keptJSON{
			k.App, k.Login, k.Key, d.Base.reasonsJSON(k.Before), d.Head.reasonsJSON(k.Left), d.Head.reasonsJSON(k.Through),
		})
	}
	return doc
}

func (d *Difference) accessChangesJSON(changes []planner.AccessChange) []accessChangeJSON {
	list := make([]accessChangeJSON, 0, len(changes))
	for _, c := range changes {
		list = append(list, accessChangeJSON{c.App, c.Login, c.Key, c.Group, d.Base.reasonsJSON(c.Before), d.Head.reasonsJSON(c.After)})
	}
	return list
}
