package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// Explain writes what a person has and what not, each with the chain of
// reasons and the smallest edits that would change the answer.
func Explain(w io.Writer, e *planner.Explanation, s Style) error {
	p := newPage(w, s)
	about := Terminal(e.Key) + ", " + Prose(e.Status)
	if e.Origin.Known() {
		about += ", declared at " + spot(e.Origin)
	}
	p.lead(bold, Terminal(e.Login), "("+about+")")
	if e.Stale != nil {
		p.wrapped("", "  ", Prose(e.Stale.Text)+place(e.Stale.Origin))
	}
	for i := range e.Answers {
		p.answer(&e.Answers[i])
	}
	if len(e.Answers) == 0 {
		p.line()
		p.line("No app, group or push is declared that could hold this person.")
	}
	return p.end()
}

// answer writes one answer.
func (p *page) answer(a *planner.Answer) {
	word, c := "yes", green
	if !a.Holds {
		word, c = "no ", red
	}
	p.line()
	for i, s := range wrap(answerText(a), p.style.columns()-5) {
		if i == 0 {
			p.line(p.style.paint(c, word), "  ", p.style.paint(bold, s))
		} else {
			p.line("     ", p.style.paint(bold, s))
		}
	}
	for i, r := range a.Reasons {
		first := "     because "
		if i > 0 {
			first = "         and "
		}
		p.wrapped(first, strings.Repeat(" ", 13), Prose(r.Text)+place(r.Origin))
	}
	p.edits(a)
}

// answerText says what an answer is about, by the type of its address.
func answerText(a *planner.Answer) string {
	switch schema.Address(a.Address).Type() {
	case "app":
		return "access to " + Terminal(a.Address)
	case "push_group", "push_rule":
		return "pushed to the group " + quote(a.Name) + " in " + Terminal("app."+a.App) + ", by " + Terminal(a.Address)
	}
	return "in the group " + quote(a.Name) + ", " + Terminal(a.Address)
}

// edits writes the sets of edits that would change an answer; one set is enough.
func (p *page) edits(a *planner.Answer) {
	if heading := editsHeading(a.EditSets); heading != "" {
		p.line("     ", heading)
	}
	for _, set := range a.EditSets {
		first := "       * "
		for i := range set {
			p.edit(first, &set[i])
			first = "         and "
		}
	}
	if text := searchText(a); text != "" {
		p.wrapped("     ", "     ", text)
	}
}

// editsHeading says how much of what follows is needed.
func editsHeading(sets [][]planner.Edit) string {
	switch {
	case len(sets) == 0:
		return ""
	case len(sets[0]) > 1 && len(sets) > 1:
		return fmt.Sprintf("To change that takes %d edits. One of these sets is enough:", len(sets[0]))
	case len(sets[0]) > 1:
		return fmt.Sprintf("To change that takes %d edits:", len(sets[0]))
	case len(sets) > 1:
		return "To change that, one of these is enough:"
	}
	return "To change that:"
}

// searchText says what the search for edits left open.
func searchText(a *planner.Answer) string {
	switch {
	case a.Search == planner.SearchMore:
		return "There are more ways with as many edits."
	case a.Search == planner.SearchBounded && len(a.EditSets) == 0:
		return "No few edits change that: it has too many reasons. Take away some, and ask again."
	case a.Search == planner.SearchBounded:
		return "There may be other ways; not all were tried."
	case len(a.EditSets) == 0:
		return "No membership, assignment or status that could be edited would change that."
	}
	return ""
}

// edit writes one edit. What is to be declared may take several lines.
func (p *page) edit(first string, e *planner.Edit) {
	const rest = "         "
	if e.Op == planner.EditDeclare {
		p.wrapped(first, rest, "declare "+Terminal(e.Address)+":")
		for line := range strings.SplitSeq(strings.TrimSpace(e.HCL()), "\n") {
			p.line(rest, "  ", Prose(line))
		}
		return
	}
	text := editText(e) + place(e.Origin)
	if schema.Address(e.Address).Type() == "directory" {
		text += ": the directory has to change"
	}
	p.wrapped(first, rest, text)
}

// editText says an edit of an argument in words.
func editText(e *planner.Edit) string {
	value, argument, address := Prose(e.HCL()), Terminal(e.Argument), Terminal(e.Address)
	switch {
	case e.Op == planner.EditDeclare:
		return "declare " + address
	case e.Op == planner.EditSet:
		return "set " + argument + " = " + value + " in " + address
	case e.Argument == "" && e.Value == nil:
		return string(e.Op) + " " + address
	case e.Argument == "" && e.Op == planner.EditAdd:
		return "add " + value + " to " + address
	case e.Argument == "":
		return string(e.Op) + " " + value + " from " + address
	case e.Value == nil:
		return string(e.Op) + " " + argument + " of " + address
	case e.Op == planner.EditAdd:
		return "add " + value + " to " + argument + " of " + address
	case e.Op == planner.EditRemove:
		return "remove " + value + " from " + argument + " of " + address
	}
	return string(e.Op) + " " + value + " in " + argument + " of " + address
}

// explanationJSON is the document of `explain -json`.
type explanationJSON struct {
	FormatVersion string       `json:"format_version"`
	Key           string       `json:"key"`
	Login         string       `json:"login"`
	Status        string       `json:"status"`
	File          string       `json:"file,omitempty"`
	Line          uint32       `json:"line,omitempty"`
	Answers       []answerJSON `json:"answers"`
	// Stale is left out unless the person's directory is older than it may be.
	Stale *staleJSON `json:"stale,omitempty"`
	// Live is left out unless the targets were asked.
	Live []accountJSON `json:"live,omitempty"`
}

// staleJSON is a directory that is older than it may be.
type staleJSON struct {
	Directory string `json:"directory"`
	Text      string `json:"text"`
	File      string `json:"file,omitempty"`
	Line      uint32 `json:"line,omitempty"`
}

func staleOf(s *planner.Stale) *staleJSON {
	if s == nil {
		return nil
	}
	return &staleJSON{string(s.Directory), s.Text, s.Origin.File, s.Origin.Line}
}

type answerJSON struct {
	Address string       `json:"address"`
	App     string       `json:"app,omitempty"`
	Name    string       `json:"name,omitempty"`
	Holds   bool         `json:"holds"`
	Reasons []reasonJSON `json:"reasons"`
	// Edits are those of EditSets that are enough by themselves.
	Edits    []editJSON   `json:"edits"`
	EditSets [][]editJSON `json:"edit_sets"`
	Search   string       `json:"edit_search"`
}

type reasonJSON struct {
	Code string `json:"code"`
	Text string `json:"text"`
	File string `json:"file,omitempty"`
	Line uint32 `json:"line,omitempty"`
}

type editJSON struct {
	Op       string `json:"op"`
	Address  string `json:"address"`
	Argument string `json:"argument,omitempty"`
	Value    string `json:"value,omitempty"`
	File     string `json:"file,omitempty"`
	Line     uint32 `json:"line,omitempty"`
}

// editsJSON is a list of edits.
func editsJSON(edits []planner.Edit) []editJSON {
	list := make([]editJSON, 0, len(edits))
	for i := range edits {
		e := &edits[i]
		list = append(list, editJSON{string(e.Op), e.Address, e.Argument, e.HCL(), e.Origin.File, e.Origin.Line})
	}
	return list
}

// reasonsJSON is a chain of reasons.
func reasonsJSON(reasons []planner.Reason) []reasonJSON {
	list := make([]reasonJSON, 0, len(reasons))
	for _, r := range reasons {
		list = append(list, reasonJSON{r.Code, r.Text, r.Origin.File, r.Origin.Line})
	}
	return list
}

// ExplainJSON writes an explanation as one document, with what the targets
// have where live is not nil.
func ExplainJSON(w io.Writer, e *planner.Explanation, live []Account) error {
	doc := explanationJSON{FormatVersion: "1.0", Key: e.Key, Login: e.Login, Status: e.Status,
		File: e.Origin.File, Line: e.Origin.Line, Answers: []answerJSON{}, Stale: staleOf(e.Stale)}
	for _, a := range e.Answers {
		j := answerJSON{Address: a.Address, App: a.App, Name: a.Name, Holds: a.Holds,
			Reasons: reasonsJSON(a.Reasons), Edits: []editJSON{}, EditSets: [][]editJSON{}, Search: string(a.Search)}
		for _, set := range a.EditSets {
			j.EditSets = append(j.EditSets, editsJSON(set))
			if len(set) == 1 {
				j.Edits = append(j.Edits, editsJSON(set)...)
			}
		}
		doc.Answers = append(doc.Answers, j)
	}
	if live != nil {
		doc.Live = accountsJSON(live)
	}
	return writeJSON(w, doc)
}
