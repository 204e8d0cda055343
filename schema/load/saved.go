package load

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/rollcall-dev/rollcall/schema"
)

// giveSaved gives the values that a plan was saved with. A variable that is
// gone since is left to the digest, which tells that the plan is stale.
func (l *loader) giveSaved() {
	for _, s := range l.opts.Saved {
		_, again := l.opts.Vars[s.Name]
		switch v := l.variables[s.Name]; {
		case v == nil:
		case !s.Sensitive:
			v.given = &given{from: "the plan file", saved: s.Value, outside: true}
		case !again && (v.given == nil || !v.given.outside):
			l.add(finding(codeMissingVariable, v.item.origin(), "Sensitive variable has to be given again",
				fmt.Sprintf("The plan was made with a value for %q, and a plan file keeps no secret. Give the same value with -var-file, or as ROLLCALL_VAR_%s.", s.Name, s.Name)))
		}
	}
}

// savedValue reads what [loader.remember] wrote.
func (l *loader) savedValue(text, name string, at schema.Origin) (cty.Value, bool) {
	typ, err := ctyjson.ImpliedType([]byte(text))
	if err == nil {
		var value cty.Value
		if value, err = ctyjson.Unmarshal([]byte(text), typ); err == nil {
			return value, true
		}
	}
	l.add(finding(codeInvalidVariable, at, "Value of a variable cannot be read",
		fmt.Sprintf("What the plan file gives for %q is no JSON: %v.", name, err)))
	return cty.DynamicVal, false
}

// remember notes the values that came from outside. One that serves as a
// credential is as good as declared sensitive.
func (l *loader) remember() {
	for _, name := range slices.Sorted(maps.Keys(l.variables)) {
		v := l.variables[name]
		if !v.ok || v.given == nil || !v.given.outside {
			continue
		}
		g := schema.GivenValue{Name: name, Sensitive: v.sensitive}
		if !g.Sensitive {
			text, err := ctyjson.Marshal(v.value, v.value.Type())
			g.Sensitive = err != nil || l.holdsCredential(v.value)
			if !g.Sensitive {
				g.Value = string(text)
			}
		}
		l.config.Given = append(l.config.Given, g)
	}
}

// holdsCredential reports whether a credential is anywhere in the value.
func (l *loader) holdsCredential(value cty.Value) bool {
	found := false
	_ = cty.Walk(value, func(_ cty.Path, v cty.Value) (bool, error) {
		text, ok := plainText(v)
		found = found || ok && slices.ContainsFunc(l.credentials, func(c string) bool { return strings.Contains(text, c) })
		return true, nil
	}) // no function returns an error
	return found
}
