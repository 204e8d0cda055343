package load

import (
	"fmt"
	"maps"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/rollcall-dev/rollcall/schema"
)

// lazyEnv is env() while the configuration is read: a text that is not known
// yet and must not be shown.
func (l *loader) lazyEnv() function.Function {
	return envFunction(func(string) (cty.Value, error) {
		return cty.UnknownVal(cty.String).Mark(sensitive{}), nil
	})
}

// liveEnv is env() when the value is needed.
func liveEnv(environ func(string) (string, bool)) function.Function {
	return envFunction(func(name string) (cty.Value, error) {
		text, ok := environ(name)
		if !ok || text == "" {
			return cty.DynamicVal, &unsetError{name}
		}
		return cty.StringVal(text).Mark(sensitive{}), nil
	})
}

// unsetError says which variable of the environment a secret needs.
type unsetError struct{ name string }

// Error names the variable.
func (e *unsetError) Error() string {
	return fmt.Sprintf("the environment variable %s is not set", e.name)
}

func envFunction(read func(name string) (cty.Value, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "name", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			name := args[0].AsString()
			if err := bound(name); err != nil {
				return cty.DynamicVal, err
			}
			return read(name)
		},
	})
}

const (
	// boundPrefix begins the names of variables that give a token to one host.
	boundPrefix = "ROLLCALL_TOKEN_"
	// identityPrefix begins those of what decrypts the state.
	identityPrefix = "ROLLCALL_AGE_IDENTITY"
)

// bound refuses to take a secret from where it is bound to its use: what the
// configuration reads by name it may send anywhere.
func bound(name string) error {
	has := func(prefix string) bool {
		return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
	}
	switch {
	case has(boundPrefix):
		return &boundError{name, "gives a token to one host alone", "Leave the token out: a target at that host takes it from there"}
	case has(identityPrefix):
		return &boundError{name, "decrypts state and plans alone", "Leave the identity out: an encryption block takes it from there"}
	}
	return nil
}

// boundError is a variable that the configuration must not read by name.
type boundError struct{ name, use, instead string }

// Error says what to do instead.
func (e *boundError) Error() string {
	return fmt.Sprintf("%s %s, and is not read by name. %s", e.name, e.use, e.instead)
}

// secret returns an argument that is a credential, read when it is first
// needed; nil without it.
func (it *item) secret(name string) *schema.Secret {
	a := it.attr(name)
	if a == nil {
		return nil
	}
	sc := it.scope
	sc.env = true
	v, ok := it.l.value(a.Expr, sc)
	if !ok || !v.IsMarked() && v.IsNull() {
		return nil
	}
	if v.Type() != cty.String && v.Type() != cty.DynamicPseudoType {
		it.wrongType(name, "a text is needed here.")
		return nil
	}
	if !v.IsMarked() {
		d := finding(codeSecretWritten, origin(a.Expr.Range()), "Secret is written in the configuration",
			fmt.Sprintf("Whoever reads this repository reads the %s. Take it from the environment: leave it out, or use env(\"NAME\"); and make this one invalid.", name))
		d.Severity, d.Secret = schema.Warning, true
		it.l.add(d)
		if text, ok := plainText(v); ok && text != "" {
			it.l.credentials = append(it.l.credentials, text)
		}
	}
	return it.l.deferred(name, it.l.prepared(a.Expr), sc)
}

// deferred keeps an expression for later: what it names is fixed now, the
// environment is read then. It is safe for concurrent use.
func (l *loader) deferred(name string, p *prepared, sc scope) *schema.Secret {
	ctx, ok := l.context(p, sc, newBudget(l.opts.Limits))
	if !ok {
		return nil
	}
	limits, live := l.opts.Limits, liveEnv(l.opts.Environ)
	return schema.NewSecret(func() (string, error) {
		b := newBudget(limits)
		special := map[string]function.Function{"env": live}
		now := &hcl.EvalContext{Variables: maps.Clone(ctx.Variables), Functions: functionsAt(p, b, special)}
		return reveal(name, p, now, b)
	})
}

// reveal evaluates the expression of a secret.
func reveal(name string, p *prepared, ctx *hcl.EvalContext, b *budget) (string, error) {
	v, diags := evaluate(p.expr, ctx, b)
	if diags.HasErrors() {
		return "", fmt.Errorf("read the %s: %s", name, explain(diags, true)[0].Detail)
	}
	v, _ = v.UnmarkDeep()
	text, ok := plainText(v)
	if !ok {
		return "", fmt.Errorf("read the %s: it is no text", name)
	}
	return text, nil
}

// functionsAt returns what the expression calls, for an evaluation after the
// configuration was read; special functions have another meaning then.
func functionsAt(p *prepared, b *budget, special map[string]function.Function) map[string]function.Function {
	out := map[string]function.Function{}
	if len(p.guards) > 0 {
		out = b.guards()
	}
	for _, c := range p.calls {
		if f, ok := special[c.Name]; ok {
			out[c.Name] = f
		} else if f, ok := pureFunctions[c.Name]; ok {
			out[c.Name] = b.wrapped(c.Name, f)
		}
	}
	return out
}
