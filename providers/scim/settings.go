package scim

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// Field is one field of a dialect that a target's settings may override.
type Field struct {
	// Block and Name are where it stands: page, max.
	Block, Name string
	// Kind is what its value is: bool, number, text, list or duration.
	Kind string
	// Values are the only texts that are allowed, unless nil.
	Values []string
	// Doc is one sentence for people.
	Doc string
	set func(*Dialect, any)
}

// Fields returns all fields that settings may override, in the order in which
// they are documented.
func Fields() []Field { return slices.Clone(fields) }

var fields = []Field{
	choiceField("page", "method", []string{"auto", "index", "cursor", "none"}, "How lists are read page by page.",
		func(d *Dialect, v string) { d.Page.Method = PageMethod(v) }),
	numberField("page", "max", "How many objects a page is asked for.", func(d *Dialect, n int) { d.Page.Max = n }),
	boolField("page", "verify_end", "Whether the end of a list is asked for once more.",
		func(d *Dialect, b bool) { d.Page.VerifyEnd = b }),
	boolField("page", "parallel", "Whether pages are read at the same time.",
		func(d *Dialect, b bool) { d.Page.Parallel = b }),
	listField("lookup", "user_by", []string{"externalId", "userName"}, "The attributes that users are looked up by.",
		func(d *Dialect, v []string) { d.Lookup.UserBy = v }),
	listField("lookup", "group_by", []string{"externalId", "displayName"}, "The attributes that groups are looked up by.",
		func(d *Dialect, v []string) { d.Lookup.GroupBy = v }),
	boolField("lookup", "trust_empty", "Whether an empty answer to a filter means absence.",
		func(d *Dialect, b bool) { d.Lookup.TrustEmpty = b }),
	{Block: "lookup", Name: "settle", Kind: "duration", Doc: "How long after a write the target may not show it yet.",
		set: func(d *Dialect, v any) { d.Lookup.Settle = v.(time.Duration) }},
	choiceField("write", "user", []string{"patch", "put", "put_merge"}, "How users are changed.",
		func(d *Dialect, v string) { d.Write.User = Method(v) }),
	choiceField("write", "group", []string{"patch", "put", "put_merge"}, "How groups are changed.",
		func(d *Dialect, v string) { d.Write.Group = Method(v) }),
	choiceField("write", "member_remove", []string{"value_path", "value_list", "object_list"}, "The shape in which members are removed.",
		func(d *Dialect, v string) { d.Write.MemberRemove = Removal(v) }),
	boolField("write", "create_with_members", "Whether a new group carries its members.",
		func(d *Dialect, b bool) { d.Write.CreateWithMembers = b }),
	choiceField("write", "content_type", []string{"application/scim+json", "application/json"}, "The content type of requests.",
		func(d *Dialect, v string) { d.Write.ContentType = v }),
	numberField("write", "members_per_request", "How many members one request adds and removes at most.",
		func(d *Dialect, n int) { d.Write.MembersPerRequest = n }),
	numberField("write", "operations_per_request", "How many operations one PATCH holds at most.",
		func(d *Dialect, n int) { d.Write.OperationsPerRequest = n }),
	numberField("write", "body_bytes", "How long a request's body may be.",
		func(d *Dialect, n int) { d.Write.BodyBytes = n }),
	boolField("write", "group_external_id", "Whether groups have an externalId.",
		func(d *Dialect, b bool) { d.Write.GroupExternalID = b }),
	boolField("write", "group_rename", "Whether a group can be renamed.",
		func(d *Dialect, b bool) { d.Write.GroupRename = b }),
	boolField("write", "group_names_unique", "Whether no two groups can have one name.",
		func(d *Dialect, b bool) { d.Write.GroupNamesUnique = b }),
	choiceField("members", "read", []string{"full", "by_filter", "capped", "write_only"}, "How much of a group's members the target returns.",
		func(d *Dialect, v string) { d.Members.Read = planner.Readability(v) }),
	numberField("members", "cap", "How many members a capped target returns at most.",
		func(d *Dialect, n int) { d.Members.Cap = n }),
	choiceField("deprovision", "deactivate", []string{"reversible", "deletes", "unsupported"}, "What active = false does to an account.",
		func(d *Dialect, v string) { d.Deprovision.Deactivate = Ending(v) }),
	choiceField("deprovision", "delete", []string{"permanent", "deactivates", "unsupported"}, "What DELETE does to an account.",
		func(d *Dialect, v string) { d.Deprovision.Delete = Ending(v) }),
}

func boolField(block, name, doc string, set func(*Dialect, bool)) Field {
	return Field{Block: block, Name: name, Kind: "bool", Doc: doc, set: func(d *Dialect, v any) { set(d, v.(bool)) }}
}

func numberField(block, name, doc string, set func(*Dialect, int)) Field {
	return Field{Block: block, Name: name, Kind: "number", Doc: doc, set: func(d *Dialect, v any) { set(d, v.(int)) }}
}

func choiceField(block, name string, values []string, doc string, set func(*Dialect, string)) Field {
	return Field{Block: block, Name: name, Kind: "text", Values: values, Doc: doc, set: func(d *Dialect, v any) { set(d, v.(string)) }}
}

func listField(block, name string, values []string, doc string, set func(*Dialect, []string)) Field {
	return Field{Block: block, Name: name, Kind: "list", Values: values, Doc: doc, set: func(d *Dialect, v any) { set(d, v.([]string)) }}
}

// apply sets the field that s names.
func (d *Dialect) apply(s schema.Setting) error {
	i := slices.IndexFunc(fields, func(f Field) bool { return f.Block == s.Block && f.Name == s.Name })
	if i < 0 {
		return fmt.Errorf("no setting is called %s.%s; block %q knows %s", s.Block, s.Name, s.Block, strings.Join(namesIn(s.Block), ", "))
	}
	value, err := fields[i].value(s.Value)
	if err != nil {
		return fmt.Errorf("setting %s.%s: %w", s.Block, s.Name, err)
	}
	fields[i].set(d, value)
	return nil
}

func namesIn(block string) []string {
	var names []string
	for i := range fields {
		if fields[i].Block == block {
			names = append(names, fields[i].Name)
		}
	}
	if names == nil {
		return []string{"nothing: the blocks are page, lookup, write, members and deprovision"}
	}
	return names
}

// value checks v and gives it the type that f's setter takes.
func (f *Field) value(v any) (any, error) {
	switch f.Kind {
	case "bool":
		if b, ok := v.(bool); ok {
			return b, nil
		}
		return nil, fmt.Errorf("%v is neither true nor false", v)
	case "number":
		if n, ok := v.(float64); ok && n >= 1 && n <= 1<<30 && n == math.Trunc(n) {
			return int(n), nil
		}
		return nil, fmt.Errorf("%v is no whole number above zero", v)
	case "duration":
		return durationValue(v)
	case "list":
		return f.list(v)
	}
	s, ok := v.(string)
	if !ok || !slices.Contains(f.Values, s) {
		return nil, fmt.Errorf("%v is none of %s", v, strings.Join(f.Values, ", "))
	}
	return s, nil
}

func durationValue(v any) (any, error) {
	s, _ := v.(string)
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > time.Hour {
		return nil, fmt.Errorf("%v is no duration such as \"5s\", up to an hour", v)
	}
	return d, nil
}

// list takes names as a list, or as one text with commas between them.
func (f *Field) list(v any) (any, error) {
	var names []string
	switch v := v.(type) {
	case string:
		names = strings.Split(v, ",")
	case []string:
		names = slices.Clone(v)
	case []any:
		for _, e := range v {
			names = append(names, fmt.Sprint(e))
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%v is no list of %s", v, strings.Join(f.Values, ", "))
	}
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
		if !slices.Contains(f.Values, names[i]) {
			return nil, fmt.Errorf("%q is none of %s", names[i], strings.Join(f.Values, ", "))
		}
	}
	return names, nil
}
