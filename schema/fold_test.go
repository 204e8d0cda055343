package schema

import (
	"strings"
	"testing"
)

func TestNamesThatDifferInCaseAloneFoldToOne(t *testing.T) {
	t.Parallel()
	for _, names := range [][]string{
		{"ann@x.com", "Ann@X.COM"},
		{"straße", "STRAßE", "STRAẞE"},
		{"σίσυφος", "ΣΊΣΥΦΟΣ", "σίσυφοσ"},   // the final sigma is a sigma
		{"kelvin", "KELVIN", "\u212aelvin"}, // the Kelvin sign is a k
		{"ſmith", "Smith"},                  // the long s is an s
	} {
		want := Fold(names[0])
		for _, n := range names[1:] {
			if got := Fold(n); got != want {
				t.Errorf("Fold(%q) = %q, want %q as of %q", n, got, want, names[0])
			}
		}
	}
}

func TestNamesThatDifferInMoreThanCaseStayApart(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"ı", "i"}, {"straße", "strasse"}, {"é", "e"}, {"é", "e\u0301"}, {"a ", "a"}} {
		if Fold(pair[0]) == Fold(pair[1]) {
			t.Errorf("%q and %q fold to one", pair[0], pair[1])
		}
	}
}

func FuzzFoldAgreesWithEqualFold(f *testing.F) {
	f.Add("Ann", "ann")
	f.Add("Σ", "ς")
	f.Fuzz(func(t *testing.T, a, b string) {
		if got, want := Fold(a) == Fold(b), strings.EqualFold(a, b); got != want && strings.ToValidUTF8(a+b, "") == a+b {
			t.Errorf("Fold(%q) = %q, Fold(%q) = %q; EqualFold says %v", a, Fold(a), b, Fold(b), want)
		}
		if Fold(Fold(a)) != Fold(a) {
			t.Errorf("Fold of Fold(%q) = %q, want %q", a, Fold(Fold(a)), Fold(a))
		}
	})
}
