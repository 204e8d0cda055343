package load

import (
	"slices"
	"strconv"

	"github.com/rollcall-dev/rollcall/schema"
)

// quote writes s as a text of HCL.
func quote(s string) string { return strconv.Quote(s) }

// nearest returns the one of a few candidates that name was meant to be, or "".
func nearest(name string, candidates []string) string {
	return schema.Nearest(name, slices.Values(candidates))
}

// didYouMean ends a detail with the suggestion, if there is one.
func didYouMean(suggestion string) string {
	if suggestion == "" {
		return ""
	}
	return " Did you mean " + suggestion + "?"
}
