package load

import (
	"fmt"
	"strings"

	"golang.org/x/mod/semver"
)

// checkVersion compares rollcall's version with constraints like ">= 0.1, < 2".
func (it *item) checkVersion(constraints string) {
	for _, c := range strings.Split(constraints, ",") {
		operator, bound, ok := parseConstraint(strings.TrimSpace(c))
		if !ok {
			it.invalid("required_version", "required_version is a list of constraints like \">= 0.1, < 2\"; the operators are =, !=, >, >=, <, <= and ~>.")
			return
		}
		own := release(it.l.opts.Version)
		if own != "" && !meets(own, operator, bound) {
			it.l.add(finding(codeUnsupportedVersion, it.at("required_version"), "Version of rollcall does not fit",
				fmt.Sprintf("This configuration asks for rollcall %s, and this is %s. Use a version that fits, or change required_version.", constraints, it.l.opts.Version)))
			return
		}
	}
}

// release returns the version of a release as package semver wants it; empty
// for a development build, which meets every constraint. Such a build is named
// by its commit, and a commit of digits alone is no version with one part.
func release(version string) string {
	if !strings.Contains(version, ".") {
		return ""
	}
	return canonical(version)
}

// canonical returns a version as package semver wants it; empty for what is none.
func canonical(version string) string {
	return semver.Canonical("v" + strings.TrimPrefix(version, "v"))
}

// parseConstraint splits "~> 1.2" into its operator and version.
func parseConstraint(c string) (operator, bound string, ok bool) {
	i := strings.IndexAny(c, "0123456789v")
	if i < 0 {
		return "", "", false
	}
	operator, bound = strings.TrimSpace(c[:i]), strings.TrimPrefix(c[i:], "v")
	switch operator {
	case "", "=", "!=", ">", ">=", "<", "<=", "~>":
		return operator, bound, semver.IsValid("v" + bound)
	}
	return "", "", false
}

func meets(own, operator, bound string) bool {
	order := semver.Compare(own, canonical(bound))
	switch operator {
	case "!=":
		return order != 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case "~>":
		return order >= 0 && sameUpToLast(own, bound)
	}
	return order == 0
}

// sameUpToLast is the pessimistic constraint: only the last part that is
// written may grow, so "~> 1.2" takes 1.9 and not 2.0.
func sameUpToLast(own, bound string) bool {
	parts := strings.Split(bound, ".")
	prefix := strings.Join(parts[:max(1, len(parts)-1)], ".")
	if len(parts) == 1 {
		return true
	}
	return strings.HasPrefix(own, "v"+prefix+".")
}
