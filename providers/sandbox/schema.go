package sandbox

import "strings"

// URNs of RFC 7643 and 7644.
const (
	urnUser         = "urn:ietf:params:scim:schemas:core:2.0:User"
	urnGroup        = "urn:ietf:params:scim:schemas:core:2.0:Group"
	urnEnterprise   = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	urnSchema       = "urn:ietf:params:scim:schemas:core:2.0:Schema"
	urnResourceType = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	urnConfig       = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	urnList         = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	urnSearch       = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
	urnPatch        = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	urnError        = "urn:ietf:params:scim:api:messages:2.0:Error"
)

// valueType is the data type of an attribute (RFC 7643, section 2.3).
type valueType string

const (
	typeString    valueType = "string"
	typeBoolean   valueType = "boolean"
	typeDateTime  valueType = "dateTime"
	typeReference valueType = "reference"
	typeBinary    valueType = "binary"
	typeComplex   valueType = "complex"
	// typeAny is what a kept attribute of an unknown schema has.
	typeAny valueType = "any"
)

// attribute is the definition of one attribute (RFC 7643, section 7). The zero
// values of its fields are the defaults of section 2.2.
type attribute struct {
	name        string
	kind        valueType
	description string
	multi       bool
	required    bool
	caseExact   bool
	mutability  string // "" is readWrite
	returned    string // "" is default
	uniqueness  string // "" is none
	canonical   []string
	references  []string
	sub         []*attribute
	// extension marks the object that holds the attributes of an extension
	// schema. It is addressed by its URN.
	extension bool
}

// child returns the sub-attribute called name in any case, or nil.
func (a *attribute) child(name string) *attribute { return find(a.sub, name) }

func (a *attribute) readOnly() bool { return a.mutability == "readOnly" }

func find(attrs []*attribute, name string) *attribute {
	for _, a := range attrs {
		if strings.EqualFold(a.name, name) {
			return a
		}
	}
	return nil
}

// kind is a resource type.
type kind int

const (
	kindUser kind = iota
	kindGroup
	kindCount
)

// resourceType says what a kind looks like from outside.
type resourceType struct {
	name, endpoint, urn, description string
	// nameAttr is the attribute that people know a resource by; it is indexed.
	nameAttr string
	attrs    []*attribute
	// common are the attributes every resource has (RFC 7643, section 3.1).
	common []*attribute
	// extensions are the objects of extension schemas.
	extensions []*attribute
}

func (k kind) spec() *resourceType { return resourceTypes[k] }

func (k kind) String() string { return k.spec().name }

// attribute returns the attribute called name in any case, or nil.
func (t *resourceType) attribute(name string) *attribute {
	for _, attrs := range [][]*attribute{t.attrs, t.common, t.extensions} {
		if a := find(attrs, name); a != nil {
			return a
		}
	}
	return nil
}

// kindAt returns the kind served at an endpoint such as "Users".
func kindAt(segment string) (kind, bool) {
	for k := range kindCount {
		if k.spec().endpoint == "/"+segment {
			return k, true
		}
	}
	return 0, false
}

func kindNamed(name string) (kind, bool) {
	for k := range kindCount {
		if k.spec().name == name {
			return k, true
		}
	}
	return 0, false
}

func text(name, description string) *attribute {
	return &attribute{name: name, kind: typeString, description: description}
}

func exact(a *attribute) *attribute { a.caseExact = true; return a }

func readOnly(a *attribute) *attribute {
	a.mutability = "readOnly"
	for _, s := range a.sub {
		readOnly(s)
	}
	return a
}

func immutable(a *attribute) *attribute { a.mutability = "immutable"; return a }

func reference(name, description string, to ...string) *attribute {
	return &attribute{name: name, kind: typeReference, description: description, references: to, caseExact: true}
}

func complexOf(name, description string, sub ...*attribute) *attribute {
	return &attribute{name: name, kind: typeComplex, description: description, sub: sub}
}

// plural is a multi-valued attribute with the default sub-attributes of
// RFC 7643, section 2.4.
func plural(name, description string, value *attribute, types ...string) *attribute {
	label := text("type", "A label indicating the attribute's function.")
	label.canonical = types
	primary := &attribute{name: "primary", kind: typeBoolean, description: "Whether this is the preferred value; at most one value is."}
	a := complexOf(name, description, value, text("display", "A human-readable name of the value."), label, primary)
	a.multi = true
	return a
}
