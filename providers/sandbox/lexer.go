package sandbox

import (
	"encoding/json"
	"strings"
)

// tokenKind is what a token of a filter or path is.
type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenString
	tokenNumber
	tokenPunctuation
)

type token struct {
	kind tokenKind
	text string // a string is decoded
	at   int
}

func (t token) is(punctuation string) bool {
	return t.kind == tokenPunctuation && t.text == punctuation
}

func (t token) keyword(word string) bool {
	return t.kind == tokenWord && strings.EqualFold(t.text, word)
}

// Limits on what is parsed, so that no client can stall the process.
const (
	maxFilterBytes = 8 << 10
	maxFilterDepth = 32
	maxFilterTerms = 200
)

// tokenize cuts a filter or a path into tokens (RFC 7644, figures 1 and 7).
func tokenize(s string) ([]token, *fail) {
	if len(s) > maxFilterBytes {
		return nil, badRequest(invalidFilter, "the filter has %d bytes, and may have %d", len(s), maxFilterBytes)
	}
	var out []token
	for i := 0; i < len(s); {
		if s[i] == ' ' {
			i++
			continue
		}
		t, next, err := nextToken(s, i)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
		i = next
	}
	return append(out, token{kind: tokenEnd, at: len(s)}), nil
}

func nextToken(s string, i int) (token, int, *fail) {
	switch c := s[i]; {
	case strings.IndexByte("()[].", c) >= 0:
		return token{tokenPunctuation, s[i : i+1], i}, i + 1, nil
	case c == '"':
		return quoted(s, i)
	case c == '-' || c >= '0' && c <= '9':
		j := i + 1
		for j < len(s) && (isWord(s[j]) || s[j] == '+' || s[j] == '.') {
			j++
		}
		return number(s, i, j)
	case isWord(c) || c == '$':
		j := i + 1
		for j < len(s) && isWord(s[j]) {
			j++
		}
		return word(s, i, j)
	default:
		return token{}, 0, badRequest(invalidFilter, "unexpected %q at position %d of %q", string(rune(c)), i+1, s)
	}
}

// word ends a name at j, unless it is a URN: those hold dots of their own
// ("2.0"), and end at the last colon.
func word(s string, i, j int) (token, int, *fail) {
	if !strings.EqualFold(s[i:j], "urn") || j >= len(s) || s[j] != ':' {
		return token{tokenWord, s[i:j], i}, j, nil
	}
	for j < len(s) && (isWord(s[j]) || s[j] == ':' || s[j] == '.') {
		j++
	}
	last := i + strings.LastIndexByte(s[i:j], ':')
	if dot := strings.IndexByte(s[last:j], '.'); dot >= 0 {
		j = last + dot
	}
	return token{tokenWord, s[i:j], i}, j, nil
}

func number(s string, i, j int) (token, int, *fail) {
	var n json.Number
	if err := json.Unmarshal([]byte(s[i:j]), &n); err != nil {
		return token{}, 0, badRequest(invalidFilter, "%q at position %d is not a number", s[i:j], i+1)
	}
	return token{tokenNumber, s[i:j], i}, j, nil
}

// quoted reads a JSON string, with JSON's escapes.
func quoted(s string, i int) (token, int, *fail) {
	j := i + 1
	for j < len(s) && s[j] != '"' {
		if s[j] == '\\' {
			j++
		}
		j++
	}
	if j >= len(s) {
		return token{}, 0, badRequest(invalidFilter, "the string that starts at position %d does not end", i+1)
	}
	var text string
	if err := json.Unmarshal([]byte(s[i:j+1]), &text); err != nil {
		return token{}, 0, badRequest(invalidFilter, "%s at position %d is not a JSON string", s[i:j+1], i+1)
	}
	return token{tokenString, text, i}, j + 1, nil
}

func isWord(c byte) bool {
	return c == '_' || c == '-' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
