package load

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/rollcall-dev/rollcall/schema"
)

// literals reads runs that hold nothing but people and groups that are
// written out in the plainest form: one argument a line, texts without escapes or
// interpolation, references to blocks by name. It costs a fiftieth of a parse
// and reads no HCL beyond that: at the first byte that it is not sure of it gives
// up, and hclsyntax reads the run. FuzzLiterals holds the two to one meaning.
type literals struct {
	file string
	// text is the run; what is kept of it are parts of this one copy.
	text string
	pos  int
	line int
	// lineStart is the offset at which the line at hand begins.
	lineStart int
	out       parsed
}

// readLiterals reads a run that begins at the start of the line start.Line; ok
// is false if there is any doubt about it.
func readLiterals(file string, run []byte, start hcl.Pos) (out parsed, ok bool) {
	l := literals{file: file, text: string(run), line: start.Line}
	for {
		l.blank()
		if l.pos == len(l.text) {
			return l.out, true
		}
		if !l.block() {
			return parsed{}, false
		}
	}
}

// attributeIndex finds a base attribute's place by its name.
var attributeIndex = func() map[string]int {
	index := make(map[string]int, len(baseAttributes))
	for i, a := range baseAttributes {
		index[a.Name] = i
	}
	return index
}()

func (l *literals) peek() byte {
	if l.pos < len(l.text) {
		return l.text[l.pos]
	}
	return 0
}

// spaces steps over spaces within a line.
func (l *literals) spaces() {
	for l.peek() == ' ' || l.peek() == '\t' {
		l.pos++
	}
}

// blank steps over spaces, line ends and comments.
func (l *literals) blank() {
	for l.spaces(); l.lineEnd(); l.spaces() {
	}
}

// lineEnd steps over a line's end, with the comment before it.
func (l *literals) lineEnd() bool {
	if l.peek() == '#' || strings.HasPrefix(l.text[l.pos:], "//") {
		end := strings.IndexByte(l.text[l.pos:], '\n')
		if end < 0 || !isPlainASCII(l.text[l.pos:l.pos+end]) {
			return false
		}
		l.pos += end
	}
	if l.peek() != '\n' {
		return false
	}
	l.pos++
	l.line++
	l.lineStart = l.pos
	return true
}

func isPlainASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || s[i] < ' ' && s[i] != '\t' {
			return false
		}
	}
	return true
}

// expect steps over the byte c, and spaces after it.
func (l *literals) expect(c byte) bool {
	if l.peek() != c {
		return false
	}
	l.pos++
	l.spaces()
	return true
}

// word reads a name.
func (l *literals) word() string {
	start := l.pos
	for l.pos < len(l.text) {
		c := l.text[l.pos]
		if c >= utf8.RuneSelf || !isIdent(c) && (l.pos == start || c != '-' && (c < '0' || c > '9')) {
			break
		}
		l.pos++
	}
	return l.text[start:l.pos]
}

// quoted reads a text without escapes. One that is not in Unicode's composed
// form is not ours: cty composes it.
func (l *literals) quoted() (string, bool) {
	if l.peek() != '"' {
		return "", false
	}
	start := l.pos + 1
	for i := start; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case c == '"':
			text := l.text[start:i]
			l.pos = i + 1
			return text, isPlainASCII(text) || utf8.ValidString(text) && norm.NFC.IsNormalString(text)
		case c == '\\' || c == '$' || c == '%' || c < ' ':
			return "", false
		}
	}
	return "", false
}

// here is the place of what was read since start, which is ASCII.
func (l *literals) here(start int) schema.Origin {
	return schema.Origin{File: l.file, Line: uint32(l.line), EndLine: uint32(l.line),
		Column: uint32(start - l.lineStart + 1), EndColumn: uint32(l.pos - l.lineStart + 1)}
}

// block reads one block, from its type to the end of its last line.
func (l *literals) block() bool {
	start := l.pos
	typ := l.word()
	l.spaces()
	label, ok := l.quoted()
	if !ok || !isPlainASCII(label) || !isName(label) {
		return false
	}
	at := l.here(start)
	l.spaces()
	if !l.expect('{') || !l.lineEnd() {
		return false
	}
	switch typ {
	case "user":
		return l.user(label, at)
	case "group":
		return l.group(label, at)
	}
	return false
}

// end steps over the brace that closes a block, and the rest of its line.
func (l *literals) end() bool {
	l.spaces()
	return l.expect('}') && (l.pos == len(l.text) || l.lineEnd())
}

// argument reads a name and the equals sign behind it.
func (l *literals) argument() (string, bool) {
	name := l.word()
	l.spaces()
	return name, name != "" && l.expect('=')
}

// user reads the body of a user block.
func (l *literals) user(label string, at schema.Origin) bool {
	u := schema.User{Address: schema.Address("user." + label), Origin: at}
	profile, seen := make([]string, len(baseAttributes)), uint64(0)
	for l.blank(); l.peek() != '}'; l.blank() {
		name, ok := l.argument()
		if !ok {
			return false
		}
		text, ok := l.quoted()
		l.spaces()
		if !ok || !l.lineEnd() {
			return false
		}
		if i, base := attributeIndex[name]; base {
			if seen&(1<<i) != 0 || tooLong(i, text) {
				return false
			}
			profile[i], seen = text, seen|1<<i
		} else if !takeIdentity(&u, name, text, &seen) {
			return false
		}
	}
	u.Profile = writtenProfile(profile, seen)
	l.out.users = append(l.out.users, u)
	return u.Login != "" && l.end()
}

func tooLong(i int, text string) bool {
	limit := baseAttributes[i].MaxLength
	return limit > 0 && len(text) > limit && utf8.RuneCountInString(text) > limit
}

// takeIdentity takes an argument outside the profile; seen has a bit for each
// above those of the profile.
func takeIdentity(u *schema.User, name, text string, seen *uint64) bool {
	bit := uint64(1) << 60
	ok := true
	switch name {
	case "login":
		u.Login, ok = text, strings.TrimSpace(text) != ""
	case "id":
		u.ID, bit = text, bit<<1
	case "status":
		bit <<= 2
		u.Status, ok = schema.ParseStatus(text)
		ok = ok && u.Status.String() == text
	default:
		return false
	}
	ok = ok && *seen&bit == 0
	*seen |= bit
	return ok
}

func writtenProfile(texts []string, seen uint64) []schema.Attribute {
	var out []schema.Attribute
	for i, a := range baseAttributes {
		if seen&(1<<i) == 0 {
			continue
		}
		if out == nil {
			out = make([]schema.Attribute, 0, 8)
		}
		out = append(out, schema.Attribute{Name: a.Name, Value: texts[i]})
	}
	return out
}

// group reads the body of a group block.
func (l *literals) group(label string, at schema.Origin) bool {
	g := schema.Group{Address: schema.Address("group." + label), Name: label, Origin: at}
	seen := ""
	for l.blank(); l.peek() != '}'; l.blank() {
		name, ok := l.argument()
		if !ok || strings.Contains(seen, name) {
			return false
		}
		seen += name + " "
		switch name {
		case "name":
			g.Name, ok = l.quoted()
			ok = ok && strings.TrimSpace(g.Name) != ""
		case "description":
			g.Description, ok = l.quoted()
		case "members":
			g.MembersSaid = true
			g.Members, ok = literalList(l, "user", ref.user)
		case "include_groups":
			g.IncludeGroups, ok = literalList(l, "group", ref.group)
		default:
			return false
		}
		l.spaces()
		if !ok || !l.lineEnd() {
			return false
		}
	}
	l.out.groups = append(l.out.groups, g)
	return (g.MembersSaid || strings.Contains(seen, "include_groups")) && l.end()
}

// literalList reads a list of names and references.
func literalList[T any](l *literals, typ string, as func(ref, schema.Origin) T) ([]T, bool) {
	if !l.expect('[') {
		return nil, false
	}
	// A comma an element, but for commas in names: room enough, at once.
	end := strings.IndexByte(l.text[l.pos:], ']')
	if end < 0 {
		return nil, false
	}
	out := slices.Grow([]T(nil), strings.Count(l.text[l.pos:l.pos+end], ","))
	for l.blank(); l.peek() != ']'; l.blank() {
		r, at, ok := l.element(typ)
		if !ok {
			return nil, false
		}
		out = append(out, as(r, at))
		l.blank()
		if !l.expect(',') && l.peek() != ']' {
			return nil, false
		}
	}
	l.pos++
	if len(out) == 0 {
		return nil, true
	}
	return out, true
}

// element reads one name in quotes or one reference.
func (l *literals) element(typ string) (ref, schema.Origin, bool) {
	start := l.pos
	if l.peek() == '"' {
		text, ok := l.quoted()
		return ref{typ: typ, name: text}, l.here(start), ok && text != "" && isPlainASCII(text)
	}
	if l.word() != typ || l.peek() != '.' {
		return ref{}, schema.Origin{}, false
	}
	l.pos++
	if l.word() == "" {
		return ref{}, schema.Origin{}, false
	}
	return ref{typ: typ, address: schema.Address(l.text[start:l.pos])}, l.here(start), true
}
