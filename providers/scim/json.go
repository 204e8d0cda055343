package scim

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// The functions below walk JSON that the transport has checked already: it is
// valid and of bounded depth. They copy nothing, which is what lets a list of
// a hundred thousand users be read for the few attributes that matter.

// member is one member of a JSON object, both parts as they stand in the text.
// The name is without its quotes.
type member struct{ name, value []byte }

// membersOf appends the members of object to into; nothing if it is no object.
func membersOf(into []member, object []byte) []member {
	i := skipSpace(object, 0)
	if i >= len(object) || object[i] != '{' {
		return into
	}
	for i = skipSpace(object, i+1); i < len(object) && object[i] == '"'; {
		end := skipValue(object, i)
		name := object[i+1 : end-1]
		i = skipSpace(object, skipSpace(object, end)+1) // past the colon
		end = skipValue(object, i)
		into = append(into, member{name, object[i:end]})
		i = skipSeparator(object, end)
	}
	return into
}

// eachElement calls visit with every element of array; nothing if it is no array.
func eachElement(array []byte, visit func(value []byte) error) error {
	i := skipSpace(array, 0)
	if i >= len(array) || array[i] != '[' {
		return nil
	}
	for i = skipSpace(array, i+1); i < len(array) && array[i] != ']'; {
		end := skipValue(array, i)
		if err := visit(array[i:end]); err != nil {
			return err
		}
		i = skipSeparator(array, end)
	}
	return nil
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipSeparator moves from the end of a value to the next, past a comma.
func skipSeparator(b []byte, i int) int {
	if i = skipSpace(b, i); i < len(b) && b[i] == ',' {
		i = skipSpace(b, i+1)
	}
	return i
}

// skipValue returns where the value that begins at i ends.
func skipValue(b []byte, i int) int {
	if i >= len(b) {
		return len(b)
	}
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		return skipNested(b, i)
	}
	for i < len(b) && !bytes.ContainsRune([]byte(",]} \n\t\r"), rune(b[i])) {
		i++
	}
	return i
}

func skipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

func skipNested(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			i = skipString(b, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return len(b)
}

// find returns the value of the member called name, in any case (RFC 7643
// section 2.1); nil if there is none or it is null, which SCIM holds for the
// same (section 2.5).
func find(members []member, name string) []byte {
	for i := range members {
		if len(members[i].name) == len(name) && strings.EqualFold(string(members[i].name), name) {
			if isNull(members[i].value) {
				return nil
			}
			return members[i].value
		}
	}
	return nil
}

func isNull(value []byte) bool { return string(value) == "null" }

// text is a value as text. Numbers and booleans that stand where text is
// expected are taken as they are written; anything else is empty.
func text(value []byte) string {
	if len(value) == 0 {
		return ""
	}
	switch value[0] {
	case '"':
		return unquote(value)
	case '{', '[', 'n':
		return ""
	}
	return string(value)
}

func unquote(value []byte) string {
	if inner := value[1 : len(value)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return strings.ToValidUTF8(string(inner), "\ufffd")
	}
	var s string
	_ = json.Unmarshal(value, &s) // it is valid JSON and begins with a quote
	return s
}

// truth is a value as a boolean. Some services answer the strings "True" and
// "False"; ok is false for what is neither.
func truth(value []byte) (is, ok bool) {
	switch strings.ToLower(text(value)) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

// count is a value as a number that counts; ok is false for what is none.
func count(value []byte) (n int, ok bool) {
	n, err := strconv.Atoi(text(value))
	return n, err == nil && n >= 0
}

// anyValue decodes a value into string, bool, float64, []any or map[string]any.
func anyValue(value []byte) any {
	var v any
	_ = json.Unmarshal(value, &v) // it is valid JSON
	return v
}
