package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/schema"
)

// Values are attributes as one JSON object, by path and sorted by it. No
// attributes are {}; a cleared one is null.
type Values []schema.Value

// MarshalJSON writes the object.
func (vs Values) MarshalJSON() ([]byte, error) {
	return vs.Append(make([]byte, 0, 2+48*len(vs)))
}

// Append adds the object to b.
func (vs Values) Append(b []byte) ([]byte, error) {
	b = append(b, '{')
	var err error
	for i, v := range vs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(AppendString(b, v.Path), ':')
		if b, err = appendValue(b, v.Value); err != nil {
			return b, fmt.Errorf("attribute %q: %w", v.Path, err)
		}
	}
	return append(b, '}'), nil
}

func appendValue(b []byte, v any) ([]byte, error) {
	if s, ok := v.(string); ok {
		return AppendString(b, s), nil
	}
	return Append(b, v)
}

// AppendString adds the JSON form of s to b. What nearly every string is made
// of it writes itself.
func AppendString(b []byte, s string) []byte {
	if !simple(s) {
		b, _ = Append(b, s) // a string always has a JSON form
		return b
	}
	b = append(b, '"')
	for {
		i := strings.IndexAny(s, `"\\`)
		if i < 0 {
			return append(append(b, s...), '"')
		}
		b = append(append(b, s[:i]...), '\\', s[i])
		s = s[i+1:]
	}
}

// simple reports whether s is UTF-8 in which quotes and backslashes alone need
// an escape.
func simple(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || hidden(r) {
			return false
		}
	}
	return true
}

// hidden reports whether r would not be seen as what it is where the text is
// shown: a control, bidirectional, zero-width or other invisible character.
func hidden(r rune) bool { return !unicode.IsPrint(r) }

// Append adds the JSON form of v to b. Unlike [json.Marshal] it leaves <, >
// and & as they are: the text goes into files, not into HTML. Names are data,
// so characters that hide or turn text around are written as escapes, which
// leaves the values what they are.
func Append(b []byte, v any) ([]byte, error) {
	buf := bytes.NewBuffer(b)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return b, err
	}
	return escapeHidden(bytes.TrimSuffix(buf.Bytes(), []byte("\n")), len(b)), nil
}

// escapeHidden escapes the hidden characters of b from an index on. In compact
// JSON they stand in strings alone.
func escapeHidden(b []byte, from int) []byte {
	at := bytes.IndexFunc(b[from:], hidden)
	if at < 0 {
		return b
	}
	at += from
	rest := bytes.Clone(b[at:])
	b = b[:at]
	for len(rest) > 0 {
		r, n := utf8.DecodeRune(rest)
		if hidden(r) {
			for _, unit := range utf16.Encode([]rune{r}) {
				b = fmt.Appendf(b, `\u%04x`, unit)
			}
		} else {
			b = append(b, rest[:n]...)
		}
		rest = rest[n:]
	}
	return b
}

// UnmarshalJSON reads the object. It is called with valid JSON alone.
func (vs *Values) UnmarshalJSON(b []byte) error {
	const usual = 6 // the default mapping less what are fields of their own
	*vs = make(Values, 0, usual)
	err := Object(b, func(key, raw []byte) error {
		v, err := value(key, raw)
		*vs = append(*vs, v)
		return err
	})
	if err != nil {
		return err
	}
	if len(*vs) == 0 {
		*vs = nil
	}
	return vs.sort()
}

func value(key, raw []byte) (schema.Value, error) {
	path, err := Text(key)
	if err != nil {
		return schema.Value{}, err
	}
	if len(raw) > 0 && raw[0] == '"' {
		v, err := Text(raw)
		return schema.Value{Path: path, Value: v}, err
	}
	var v any
	err = json.Unmarshal(raw, &v)
	return schema.Value{Path: path, Value: v}, err
}

func (vs Values) sort() error {
	byPath := func(a, b schema.Value) int { return strings.Compare(a.Path, b.Path) }
	slices.SortFunc(vs, byPath)
	for i := 1; i < len(vs); i++ {
		if vs[i].Path == vs[i-1].Path {
			return fmt.Errorf("attribute %q is given twice", vs[i].Path)
		}
	}
	return nil
}

// Object visits the members of raw, an object of valid JSON, with the JSON text
// of each key and value.
func Object(raw []byte, visit func(key, value []byte) error) error {
	s := scan{rest: raw}
	if !s.open() {
		return errors.New("this is no object")
	}
	for !s.closed() {
		key := s.token()
		s.skip()
		s.rest = bytes.TrimPrefix(s.rest, []byte(":"))
		s.skip()
		if err := visit(key, s.token()); err != nil {
			return err
		}
	}
	return nil
}

// scan walks over one object of valid JSON without building a tree of it.
type scan struct{ rest []byte }

// skip steps over space.
func (s *scan) skip() {
	for len(s.rest) > 0 && s.rest[0] <= ' ' {
		s.rest = s.rest[1:]
	}
}

func (s *scan) open() bool {
	s.skip()
	if len(s.rest) == 0 || s.rest[0] != '{' {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// closed steps over what separates members and reports the end of the object.
func (s *scan) closed() bool {
	s.skip()
	if len(s.rest) > 0 && s.rest[0] == ',' {
		s.rest = s.rest[1:]
		s.skip()
	}
	return len(s.rest) == 0 || s.rest[0] == '}'
}

// token cuts the next value off: everything up to a separator that stands
// outside of strings and brackets.
func (s *scan) token() []byte {
	depth, quoted := 0, false
	for i := 0; i < len(s.rest); i++ {
		c := s.rest[i]
		switch {
		case quoted && c == '\\':
			i++
			continue
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case depth > 0 && (c == '}' || c == ']'):
			depth--
		case depth == 0 && strings.IndexByte(":,}] \t\r\n", c) >= 0:
			return s.cut(i)
		}
	}
	return s.cut(len(s.rest))
}

func (s *scan) cut(n int) []byte {
	t := s.rest[:n]
	s.rest = s.rest[n:]
	return t
}

// Text decodes a JSON string. Those that occur again and again share one copy.
func Text(raw []byte) (string, error) {
	if p, ok := common[string(raw)]; ok {
		return p, nil
	}
	if s, ok := unescape(raw); ok {
		return s, nil
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err
}

// unescape decodes a JSON string whose only escapes are those of quotes and
// backslashes.
func unescape(raw []byte) (string, bool) {
	if len(raw) < 2 || !utf8.Valid(raw) {
		return "", false
	}
	raw = raw[1 : len(raw)-1]
	i := bytes.IndexByte(raw, '\\')
	if i < 0 {
		return string(raw), true
	}
	b := make([]byte, 0, len(raw))
	for ; i >= 0; i = bytes.IndexByte(raw, '\\') {
		if i+1 == len(raw) || raw[i+1] != '"' && raw[i+1] != '\\' {
			return "", false
		}
		b = append(append(b, raw[:i]...), raw[i+1])
		raw = raw[i+2:]
	}
	return string(append(b, raw...)), true
}

var common = shared(
	"userName", "externalId", "active", "displayName", "name.givenName", "name.familyName",
	`emails[type eq "work"].value`, "title", "source", "address", "USER", "GROUP", "delete", "keep",
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
)

// shared maps the JSON form of each text to the text.
func shared(texts ...string) map[string]string {
	m := make(map[string]string, len(texts))
	for _, t := range texts {
		m[string(AppendString(nil, t))] = t
	}
	return m
}
