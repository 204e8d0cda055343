package schema

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold returns the form in which logins, user names and group names are
// compared: simple Unicode case folding, so that "Ann@X.com" and "ann@x.com"
// are one. It allocates nothing for a name that is lower-case ASCII already.
func Fold(s string) string {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return strings.Map(foldRune, s)
		}
	}
	return s
}

// foldRune maps r to the smallest rune of its simple folding orbit, lower-cased
// where that rune is an ASCII capital, so that all of an orbit meet in one.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		return unicode.ToLower(r)
	}
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	if least < utf8.RuneSelf {
		return unicode.ToLower(least)
	}
	return least
}
