package load

import (
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// BlockSpec describes one type of block. The loader decodes by these tables,
// and the language reference is written from them.
type BlockSpec struct {
	// Type is the block's type: "user".
	Type string
	// Kind is the value of the first label that this description is for, where
	// the arguments depend on it: "twingate" of a target. Empty otherwise.
	Kind string
	// Labels name the labels in their order.
	Labels []string
	// Description is one sentence.
	Description string
	Arguments   []ArgumentSpec
	// Blocks are the blocks that may stand inside.
	Blocks []BlockSpec
	// Repeatable tells a nested block that may stand more than once.
	Repeatable bool
	// AnyArgument tells a block whose arguments are names of the author's choice.
	AnyArgument bool
	// Unsupported tells a block of the language that this version does not carry out.
	Unsupported bool
}

// ArgumentSpec describes one argument of a block.
type ArgumentSpec struct {
	Name string
	// Type is the type in words: "string", "number", "list of users".
	Type     string
	Required bool
	// Default is what holds without the argument, as it would be written; empty
	// if there is no such value.
	Default string
	// Values are the only texts allowed, if there is such a list.
	Values []string
	// Description is one sentence.
	Description string
}

// Language returns the description of every block, in the order of the
// language reference. The caller owns the result.
func Language() []BlockSpec { return cloneBlocks(slicesOf(language, testBlocks)) }

func cloneBlocks(specs []BlockSpec) []BlockSpec {
	out := slices.Clone(specs)
	for i := range out {
		out[i].Labels = slices.Clone(out[i].Labels)
		out[i].Arguments = slices.Clone(out[i].Arguments)
		for j := range out[i].Arguments {
			out[i].Arguments[j].Values = slices.Clone(out[i].Arguments[j].Values)
		}
		out[i].Blocks = cloneBlocks(out[i].Blocks)
	}
	return out
}

// argument finds the description of an argument.
func (s *BlockSpec) argument(name string) *ArgumentSpec {
	for i := range s.Arguments {
		if s.Arguments[i].Name == name {
			return &s.Arguments[i]
		}
	}
	return nil
}

// block finds the description of a nested block by its type and first label.
func (s *BlockSpec) block(typ, kind string) *BlockSpec { return findBlock(s.Blocks, typ, kind) }

// findBlock finds the description of a block; where descriptions differ by
// kind and none fits, it returns nil.
func findBlock(specs []BlockSpec, typ, kind string) *BlockSpec {
	for i := range specs {
		if specs[i].Type == typ && (specs[i].Kind == "" || specs[i].Kind == kind) {
			return &specs[i]
		}
	}
	return nil
}

// blockTypes lists the types of specs without repeats.
func blockTypes(specs []BlockSpec) []string {
	var types []string
	for i := range specs {
		if !slices.Contains(types, specs[i].Type) {
			types = append(types, specs[i].Type)
		}
	}
	return types
}

// blockKinds lists the kinds that specs of one type have.
func blockKinds(specs []BlockSpec, typ string) []string {
	var kinds []string
	for i := range specs {
		if specs[i].Type == typ && specs[i].Kind != "" {
			kinds = append(kinds, specs[i].Kind)
		}
	}
	return kinds
}

// The types of arguments, in the words of the language reference.
const (
	typeString      = "string"
	typeNumber      = "number"
	typeBool        = "bool"
	typeAny         = "any"
	typeTime        = "RFC 3339 time"
	typeDuration    = "duration"
	typeLimit       = "number or percentage"
	typeStrings     = "list of strings"
	typeStringMap   = "map of strings"
	typeMap         = "map"
	typeUsers       = "list of users"
	typeGroups      = "list of groups"
	typeUserOrGroup = "user or group"
	typeGroup       = "group"
	typeGroupFrom   = "group of a directory"
	typeApp         = "app"
	typeTarget      = "target"
	typeAddress     = "address"
	typeExpression  = "expression over principal"
	typePolicies    = "list of policies"
	typeFacts       = "expression over effective and plan"
	typeExpressions = "map of expressions over principal"
	typeForEach     = "map or set of strings"
	typeConstraint  = "type"
	typeSecret      = "secret string"
)

func required(name, typ, description string) ArgumentSpec {
	return ArgumentSpec{Name: name, Type: typ, Required: true, Description: description}
}

func optional(name, typ, def, description string) ArgumentSpec {
	return ArgumentSpec{Name: name, Type: typ, Default: def, Description: description}
}

// oneOf describes a text that is one of values; the first is the default.
func oneOf(name, description string, values ...string) ArgumentSpec {
	return ArgumentSpec{Name: name, Type: typeString, Default: `"` + values[0] + `"`, Values: values, Description: description}
}

// anyOf describes a text that is one of values and has no default here.
func anyOf(name, description string, values ...string) ArgumentSpec {
	return ArgumentSpec{Name: name, Type: typeString, Values: values, Description: description}
}

func userArguments() []ArgumentSpec {
	args := []ArgumentSpec{
		required("login", typeString, "The unique login, compared without case."),
		optional("id", typeString, "", "The stable identifier that is sent as SCIM externalId; without it, the login at the first create."),
		{Name: "status", Type: typeString, Default: `"ACTIVE"`, Values: schema.StatusNames(), Description: "Where the person stands in Okta's life cycle."},
	}
	for _, a := range schema.BaseAttributes() {
		args = append(args, optional(a.Name, typeString, "", "Okta's profile attribute "+a.Okta+"."))
	}
	return append(args,
		optional("custom", typeMap, "", "Attributes outside Okta's base profile, by name."),
		forEach)
}

var forEach = optional("for_each", typeForEach, "", "Makes one instance for each element, with the address TYPE.NAME[\"key\"].")

func pushArguments(args ...ArgumentSpec) []ArgumentSpec {
	return append(args,
		oneOf("membership", "Whether members that rollcall did not add are removed (authoritative) or left (additive).", "authoritative", "additive"),
		oneOf("status", "An inactive push is paused: nothing is sent.", "active", "inactive"),
		anyOf("on_unpush", "What becomes of the group at the target when the push ends; without it, what the app says.", "empty", "leave", "delete"),
		optional("allow_empty", typeBool, "false", "Lets the group become empty at the target without tripping the empty-push guard."))
}
