package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// object is a JSON object whose names are spelled as in the schema.
type object = map[string]any

// intake brings what a client sent into the one form that is kept: names
// spelled as in the schema, null and empty arrays absent, read-only attributes
// left out (RFC 7644, section 3.3), every value of its attribute's type.
type intake struct {
	kind    kind
	unknown unknownPolicy
}

// resource checks a whole resource. Members come back apart, as they are not
// kept with the other attributes.
func (in intake) resource(raw object) (attrs object, members []any, err *fail) {
	if err := in.checkSchemas(raw); err != nil {
		return nil, nil, err
	}
	attrs = object{}
	for name, v := range raw {
		if err := in.put(attrs, name, v); err != nil {
			return nil, nil, err
		}
	}
	if list, ok := attrs["members"].([]any); ok && in.kind == kindGroup {
		members = list
		delete(attrs, "members")
	}
	return attrs, members, nil
}

// put checks one attribute and stores it in attrs under the schema's spelling.
func (in intake) put(attrs object, name string, v any) *fail {
	a := in.kind.spec().attribute(name)
	if a == nil {
		return in.putUnknown(attrs, name, v)
	}
	if a.readOnly() {
		return nil
	}
	if _, twice := attrs[a.name]; twice {
		return badRequest(invalidSyntax, "attribute %q is given twice, in different case", a.name)
	}
	value, err := in.value(a, v)
	if err != nil || value == nil || a.returned == "never" {
		return err
	}
	attrs[a.name] = value
	return nil
}

func (in intake) putUnknown(attrs object, name string, v any) *fail {
	switch in.unknown {
	case unknownIgnore:
		return nil
	case unknownKeep:
		if v != nil {
			attrs[name] = v
		}
		return nil
	}
	return badRequest(invalidSyntax, "%s has no attribute %q in the schemas of this service", in.kind, name)
}

// checkSchemas holds the client to RFC 7643, section 3: "schemas" is required,
// names the core schema, and names nothing that is not served.
func (in intake) checkSchemas(raw object) *fail {
	spec := in.kind.spec()
	named, err := stringList(raw, "schemas")
	if err != nil {
		return err
	}
	if !containsFold(named, spec.urn) {
		return badRequest(invalidSyntax, `"schemas" must hold %q`, spec.urn)
	}
	for _, urn := range named {
		known := strings.EqualFold(urn, spec.urn) || find(spec.extensions, urn) != nil
		if !known && in.unknown == unknownRefuse {
			return badRequest(invalidSyntax, "schema %q is not one of %s", urn, spec.name)
		}
	}
	return nil
}

// value checks v against a, whole. Nil means absent.
func (in intake) value(a *attribute, v any) (any, *fail) {
	if v == nil {
		return nil, nil
	}
	if !a.multi {
		return in.single(a, v)
	}
	list, ok := v.([]any)
	if !ok {
		return nil, wrongType(a, "an array", v)
	}
	return in.elements(a, list)
}

func (in intake) elements(a *attribute, list []any) (any, *fail) {
	out := make([]any, 0, len(list))
	for _, v := range list {
		e, err := in.single(a, v)
		if err != nil {
			return nil, err
		}
		if a.name == "members" {
			out = append(out, e) // compared by id later, and one without is refused
		} else if e != nil && !containsJSON(out, e) {
			out = append(out, e)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, onePrimary(a, out)
}

// onePrimary refuses a second primary value (RFC 7643, section 2.4).
func onePrimary(a *attribute, list []any) *fail {
	n := 0
	for _, e := range list {
		if isPrimary(e) {
			n++
		}
	}
	if n > 1 {
		return badRequest(invalidValue, "%q has %d primary values, and may have one", a.name, n)
	}
	return nil
}

func isPrimary(e any) bool {
	o, ok := e.(object)
	return ok && o["primary"] == true
}

// single checks one value, which for a multi-valued attribute is an element.
func (in intake) single(a *attribute, v any) (any, *fail) {
	switch a.kind {
	case typeComplex:
		return in.complex(a, v)
	case typeBoolean:
		if b, ok := v.(bool); ok {
			return b, nil
		}
		return nil, wrongType(a, "true or false", v)
	case typeAny:
		return v, nil
	}
	s, ok := v.(string)
	if !ok {
		return nil, wrongType(a, "a string", v)
	}
	return s, checkText(a, s)
}

func checkText(a *attribute, s string) *fail {
	switch {
	case a.required && strings.TrimSpace(s) == "":
		return badRequest(invalidValue, "%q must not be empty", a.name)
	case a.kind == typeDateTime && !isTime(s):
		return badRequest(invalidValue, "%q is not a date and time as in 2026-01-02T15:04:05Z", a.name)
	case a.kind == typeBinary && !isBase64(s):
		return badRequest(invalidValue, "%q is not base64", a.name)
	}
	return nil
}

func isTime(s string) bool { _, err := time.Parse(time.RFC3339, s); return err == nil }

func isBase64(s string) bool { _, err := base64.StdEncoding.DecodeString(s); return err == nil }

func (in intake) complex(a *attribute, v any) (any, *fail) {
	o, ok := v.(object)
	if !ok {
		return nil, wrongType(a, "an object", v)
	}
	out := object{}
	for name, v := range o {
		if err := in.putSub(a, out, name, v); err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

func (in intake) putSub(a *attribute, out object, name string, v any) *fail {
	sub := a.child(name)
	switch {
	case sub == nil && in.unknown == unknownRefuse:
		return badRequest(invalidSyntax, "%q has no sub-attribute %q", a.name, name)
	case sub == nil && in.unknown == unknownKeep && v != nil:
		out[name] = v
	}
	if sub == nil || sub.readOnly() {
		return nil
	}
	value, err := in.value(sub, v)
	if err == nil && value != nil {
		out[sub.name] = value
	}
	return err
}

// required refuses a resource that lacks what its schema requires.
func (in intake) required(attrs object, also []string) *fail {
	for _, a := range in.kind.spec().attrs {
		if a.required && attrs[a.name] == nil {
			return badRequest(invalidValue, "%s must have %q", in.kind, a.name)
		}
	}
	for _, path := range also {
		if lookup(attrs, path) == nil {
			return badRequest(invalidValue, "%s must have %q at this service", in.kind, path)
		}
	}
	return nil
}

// lookup follows a dotted path of schema names.
func lookup(attrs object, path string) any {
	head, rest, nested := strings.Cut(path, ".")
	if !nested {
		return attrs[head]
	}
	o, _ := attrs[head].(object)
	return o[rest]
}

func wrongType(a *attribute, want string, v any) *fail {
	return badRequest(invalidValue, "%q must be %s, and is %s", a.name, want, jsonType(v))
}

func jsonType(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a string"
	case []any:
		return "an array"
	case object:
		return "an object"
	}
	return "a number"
}

// stringList reads an array of strings, whatever the case of its name.
func stringList(raw object, name string) ([]string, *fail) {
	list, ok := anyCase(raw, name).([]any)
	if !ok {
		return nil, badRequest(invalidSyntax, "%q must be an array of strings", name)
	}
	out := make([]string, len(list))
	for i, v := range list {
		if out[i], ok = v.(string); !ok {
			return nil, badRequest(invalidSyntax, "%q must be an array of strings", name)
		}
	}
	return out, nil
}

// anyCase returns the member called name in any case (RFC 7643, section 2.1).
func anyCase(raw object, name string) any {
	if v, ok := raw[name]; ok {
		return v
	}
	for k, v := range raw {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return nil
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(e string) bool { return strings.EqualFold(e, s) })
}

// equalJSON compares two values as their canonical JSON.
func equalJSON(a, b any) bool { return string(encode(a)) == string(encode(b)) }

// encode renders a value that came out of JSON, which cannot fail.
func encode(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil {
		panic("sandbox: encode: " + err.Error())
	}
	return out
}
