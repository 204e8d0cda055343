package load

import (
	"errors"
	"math/big"

	"github.com/zclconf/go-cty/cty"
)

// plainText returns the text that v holds if it holds one: a known string that
// is not null and not marked as sensitive.
func plainText(v cty.Value) (string, bool) {
	if !isPlain(v) || v.Type() != cty.String {
		return "", false
	}
	return v.AsString(), true
}

// isPlain reports whether v can be looked into: cty panics on the rest.
func isPlain(v cty.Value) bool {
	return v != cty.NilVal && !v.IsMarked() && v.IsKnown() && !v.IsNull()
}

// plainNumber returns the number that v holds if it holds one.
func plainNumber(v cty.Value) (float64, bool) {
	if !isPlain(v) || v.Type() != cty.Number {
		return 0, false
	}
	f, _ := v.AsBigFloat().Float64()
	return f, true
}

// plainWhole returns the whole number that v holds if it holds one.
func plainWhole(v cty.Value) (int, bool) {
	if !isPlain(v) || v.Type() != cty.Number {
		return 0, false
	}
	i, accuracy := v.AsBigFloat().Int64()
	return int(i), accuracy == big.Exact
}

// plainBool returns the truth value that v holds if it holds one.
func plainBool(v cty.Value) (truth, ok bool) {
	if !isPlain(v) || v.Type() != cty.Bool {
		return false, false
	}
	return v.True(), true
}

var errNoTruth = errors.New("the condition is neither true nor false")
