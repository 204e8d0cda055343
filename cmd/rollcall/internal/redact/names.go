package redact

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// names are all names of the people of one document, and what each becomes.
type names struct {
	*Redactor
	// known are names in lower case.
	known map[string]string
	// byWord finds known names by their first word, the longest first.
	byWord map[string][]string
	forms
}

// forms are what people look like whom the data does not know otherwise. They
// are compiled where they are needed: most runs of the program redact nothing.
type forms struct{ mail, label, users, pseudonym *regexp.Regexp }

func newNames(r *Redactor) *names {
	return &names{Redactor: r, known: map[string]string{}, byWord: map[string][]string{}, forms: forms{
		mail:      regexp.MustCompile(`[^\s"'<>()\[\]{},;:|]+@[^\s"'<>()\[\]{},;:|]+`),
		label:     regexp.MustCompile(`\buser\.[\pL_][\pL\pN_-]*`),
		users:     regexp.MustCompile(`\.users\["(?:[^"\\]|\\.)*"\]`),
		pseudonym: regexp.MustCompile(`person-[0-9a-f]{10}`),
	}}
}

// naming are the beginnings of the paths, in lower case, whose values name a
// person; others are replaced where they stand and looked for nowhere.
var naming = [...]string{"username", "displayname", "nickname", "externalid", "name.", "emails", "ims", "phonenumbers", "profileurl"}

func namesPerson(path string) bool {
	path = strings.ToLower(path)
	return slices.ContainsFunc(naming[:], func(start string) bool { return strings.HasPrefix(path, start) })
}

// add notes a name of the person called login, also as it stands in quotes.
func (n *names) add(name, login string) {
	n.addForm(name, login)
	if quoted := strconv.Quote(name); len(quoted) != len(name)+2 {
		n.addForm(quoted[1:len(quoted)-1], login)
	}
}

func (n *names) addForm(name, login string) {
	// A name of fewer than two characters would turn every text into pseudonyms.
	if name = strings.ToLower(strings.TrimSpace(name)); utf8.RuneCountInString(name) > 1 && n.known[name] == "" {
		n.known[name] = n.Pseudonym(login)
	}
}

// user notes a person with what their key says. The label of user.bob and the
// id in directory.okta.main.users["00u1"] are names like any other.
func (n *names) user(login, key string) {
	n.login(login)
	n.add(key, login)
	if label, ok := strings.CutPrefix(key, "user."); ok {
		n.add(label, login)
	}
	if _, id, ok := strings.Cut(key, `.users["`); ok {
		n.add(strings.TrimSuffix(id, `"]`), login)
	}
}

// login notes a login. What stands before the host is a name too: files and
// assignments are called by it.
func (n *names) login(login string) {
	n.add(login, login)
	if local, _, ok := strings.Cut(login, "@"); ok {
		n.add(local, login)
	}
}

func (n *names) values(all []schema.Value, login string) {
	for _, v := range all {
		if text, ok := v.Value.(string); ok && namesPerson(v.Path) {
			n.add(text, login)
		}
	}
}

func (n *names) addMembers(m planner.MemberChanges) {
	for _, side := range [][]planner.Member{m.Add, m.Remove} {
		for i := range side {
			n.user(side[i].Name, side[i].Key)
		}
	}
}

// addPlan notes everybody whom a plan names.
func (n *names) addPlan(p *planner.Plan) {
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Kind != planner.KindGroup {
			n.user(c.Name, c.Key)
			n.user(c.Name, c.Link.From)
			n.add(c.Link.Name, c.Name)
			n.add(c.Link.ExternalID, c.Name)
			n.add(c.RemoteID, c.Name)
			for _, list := range [][]schema.Value{c.Before, c.After, c.Link.Known} {
				n.values(list, c.Name)
			}
		}
		n.addMembers(c.Members)
	}
	for i := range p.Drift {
		d := &p.Drift[i]
		if d.Kind != planner.KindGroup {
			n.user(d.Name, d.Key)
			n.values(d.Before, d.Name)
			n.values(d.After, d.Name)
		}
		n.addMembers(d.Members)
	}
	for i := range p.Withheld {
		n.login(p.Withheld[i].Login)
	}
	for i := range p.Held {
		if h := &p.Held[i]; h.Kind != planner.KindGroup {
			n.user(h.Name, h.Key)
		}
	}
}

// addDifference notes everybody whom a difference names.
func (n *names) addDifference(d *planner.Difference) {
	for _, list := range [][]planner.AccessChange{d.Losses, d.Gains} {
		for i := range list {
			n.user(list[i].Login, list[i].Key)
		}
	}
	for i := range d.Attributes {
		a := &d.Attributes[i]
		n.user(a.Login, a.Key)
		n.values([]schema.Value{{Path: a.Path, Value: a.Before}, {Path: a.Path, Value: a.After}}, a.Login)
	}
	for i := range d.Kept {
		n.user(d.Kept[i].Login, d.Kept[i].Key)
	}
	for i := range d.Withheld {
		n.user(d.Withheld[i].Login, d.Withheld[i].Key)
	}
}

// finish orders the names once all are known.
func (n *names) finish() {
	for name := range n.known {
		word := firstWord(name)
		n.byWord[word] = append(n.byWord[word], name)
	}
	for _, list := range n.byWord {
		slices.SortFunc(list, func(a, b string) int { return len(b) - len(a) })
	}
}

// person is the pseudonym of somebody who stands in a field of their own.
func (n *names) person(name string) string {
	if name == "" {
		return ""
	}
	if pseudonym := n.known[strings.ToLower(strings.TrimSpace(name))]; pseudonym != "" {
		return pseudonym
	}
	return n.Pseudonym(name)
}

// text returns s with a pseudonym in place of every person.
func (n *names) text(s string) string {
	s = n.replace(s)
	s = n.mail.ReplaceAllStringFunc(s, n.person)
	s = n.label.ReplaceAllStringFunc(s, func(address string) string {
		name := strings.TrimPrefix(address, "user.")
		if n.isPseudonym(name) {
			return address
		}
		return "user." + n.Pseudonym(address)
	})
	s = n.users.ReplaceAllStringFunc(s, func(path string) string {
		if n.isPseudonym(strings.TrimSuffix(strings.TrimPrefix(path, `.users["`), `"]`)) {
			return path
		}
		return `.users["` + n.Pseudonym(path) + `"]`
	})
	if n.named(s) {
		return leftOut
	}
	return s
}

func (n *names) isPseudonym(s string) bool { return s != "" && n.pseudonym.FindString(s) == s }

// named reports whether s holds a name beside pseudonyms.
func (n *names) named(s string) bool {
	s = n.pseudonym.ReplaceAllString(s, " ")
	return n.replace(s) != s
}

// ownWords are reasons that end with what somebody wrote.
var ownWords = []string{"assigned-directly", "assigned-by-group"}

// reason is the text of a reason, without the words of whoever wrote the block.
func (n *names) reason(r planner.Reason) string {
	text := r.Text
	if slices.Contains(ownWords, r.Code) {
		text, _, _ = strings.Cut(text, ": ")
	}
	return n.text(text)
}

// replace puts pseudonyms in place of known names that stand as words of their own.
func (n *names) replace(s string) string {
	lower := strings.ToLower(s)
	if len(lower) != len(s) {
		// Few letters change their length with their case. Then the case goes.
		s = lower
	}
	var b strings.Builder
	inWord := false
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if !inWord || !wordRune(r) {
			if name := n.at(lower[i:]); name != "" {
				b.WriteString(n.known[name])
				i += len(name)
				last, _ := utf8.DecodeLastRuneInString(name)
				inWord = wordRune(last)
				continue
			}
		}
		inWord = wordRune(r)
		b.WriteString(s[i : i+size])
		i += size
	}
	return b.String()
}

// at returns the longest name that s begins with, as a word of its own.
func (n *names) at(s string) string {
	for _, name := range n.byWord[firstWord(s)] {
		if !strings.HasPrefix(s, name) {
			continue
		}
		next, _ := utf8.DecodeRuneInString(s[len(name):])
		last, _ := utf8.DecodeLastRuneInString(name)
		if len(name) == len(s) || !wordRune(next) || !wordRune(last) {
			return name
		}
	}
	return ""
}

// firstWord is what s begins with: the letters and digits of a word, or one
// character that is neither.
func firstWord(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool { return !wordRune(r) })
	switch {
	case end < 0:
		return s
	case end == 0:
		_, end = utf8.DecodeRuneInString(s)
	}
	return s[:end]
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }
