package schema

import (
	"cmp"
	"slices"
	"strings"
)

// CodeDoc explains one kind of finding to people.
type CodeDoc struct {
	Code     Code
	Severity Severity
	// Title is a short sentence without a full stop.
	Title string
	// Text is one paragraph: what the finding means, why it matters, what to do.
	Text string
	// Bad is configuration that has the finding, Good the same without it.
	// Both are empty where the finding is not about something written.
	Bad, Good string
}

// Codes returns the catalogue of all findings, sorted by code. Codes are a
// contract: a code never changes its meaning and is never used for another.
func Codes() []CodeDoc {
	all := slices.Concat(syntaxCodes[:], valueCodes[:], peopleCodes[:], appCodes[:], targetCodes[:], guardCodes[:], policyCodes[:], runCodes[:])
	for i := range all {
		d := &all[i]
		d.Text = strings.Join(strings.Fields(d.Text), " ")
		d.Bad, d.Good = strings.Trim(d.Bad, "\n"), strings.Trim(d.Good, "\n")
	}
	slices.SortFunc(all, func(a, b CodeDoc) int { return cmp.Compare(a.Code, b.Code) })
	return all
}

// Doc returns the catalogue's entry of c, and whether it has one.
func (c Code) Doc() (CodeDoc, bool) {
	all := Codes()
	i, ok := slices.BinarySearchFunc(all, c, func(d CodeDoc, c Code) int { return cmp.Compare(d.Code, c) })
	if !ok {
		return CodeDoc{}, false
	}
	return all[i], true
}
