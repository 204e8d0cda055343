package sandbox

import (
	"bytes"
	"encoding/json"
	"iter"
	"unicode/utf8"
)

// field is a member of a JSON object whose value is a string.
type field struct{ name, value string }

// appendFields appends an object.
func appendFields(b []byte, fields []field) []byte {
	b = append(b, '{')
	for i, f := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, f.name)
		b = append(b, ':')
		b = appendText(b, f.value)
	}
	return append(b, '}')
}

// appendText appends a string. Most need no escape and are copied.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return append(b, encode(s)...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// toObject is the object that appendFields appends.
func toObject(fields []field) object {
	o := make(object, len(fields))
	for _, f := range fields {
		o[f.name] = f.value
	}
	return o
}

// topLevel walks over the members of a JSON object in the compact form that
// this package keeps, without decoding the values.
func topLevel(data []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for i := 1; i < len(data)-1; {
			end := valueEnd(data, i)
			name, err := decodeText(data[i:end])
			if err != nil {
				return
			}
			start := end + 1 // behind the colon
			end = valueEnd(data, start)
			if !yield(name, data[start:end]) {
				return
			}
			i = end + 1 // behind the comma
		}
	}
}

// decodeText decodes a string. Most hold no escape and are copied.
func decodeText(raw []byte) (s string, err error) {
	if n := len(raw); n >= 2 && raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : n-1]), nil
	}
	err = json.Unmarshal(raw, &s)
	return s, err
}

// valueEnd returns the index behind the value that starts at i.
func valueEnd(data []byte, i int) int {
	depth := 0
	for ; i < len(data); i++ {
		switch data[i] {
		case '"':
			i = stringEnd(data, i)
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
		case ',', ':':
			if depth == 0 {
				return i
			}
		}
	}
	return i
}

// stringEnd returns the index of the quote that ends the string at i.
func stringEnd(data []byte, i int) int {
	for i++; i < len(data) && data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return i
}

// pluck decodes the members of a compact object that need asks for.
func pluck(data []byte, need selection) object {
	o := object{}
	for name, raw := range topLevel(data) {
		if !need.has(name) {
			continue
		}
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			panic("sandbox: a kept attribute is not JSON: " + err.Error())
		}
		o[name] = v
	}
	return o
}

// selection says which attributes of a resource are looked at. The zero value
// is all of them.
type selection struct {
	only, not map[string]bool
}

func (s selection) has(name string) bool {
	if s.only != nil {
		return s.only[name]
	}
	return !s.not[name]
}
