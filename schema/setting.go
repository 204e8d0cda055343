package schema

import "slices"

// SettingKind says what values a setting takes.
type SettingKind string

// The kinds of settings, as the language reference names them.
const (
	BoolSetting     SettingKind = "bool"
	NumberSetting   SettingKind = "number"
	TextSetting     SettingKind = "string"
	ListSetting     SettingKind = "list of strings"
	DurationSetting SettingKind = "duration"
)

// SettingSpec describes one field of a dialect that a target may override: the
// language takes it in the nested block called Block, and a client of the
// protocol gives it its meaning.
type SettingSpec struct {
	Block, Name string
	Kind        SettingKind
	// Values are the only texts that are allowed, unless nil.
	Values []string
	// Description is one sentence for people.
	Description string
}

// TargetSettings returns every setting of a target, by block in the order in
// which they are documented. The caller owns the result.
func TargetSettings() []SettingSpec { return slices.Clone(targetSettings[:]) }

var targetSettings = [...]SettingSpec{
	{"limits", "members_per_request", NumberSetting, nil, "How many members one request adds and removes at most."},
	{"limits", "operations_per_request", NumberSetting, nil, "How many operations one PATCH holds at most."},
	{"limits", "body_bytes", NumberSetting, nil, "How long the body of one request may be."},
	{"page", "method", TextSetting, []string{"auto", "index", "cursor", "none"}, "How lists are read page by page."},
	{"page", "max", NumberSetting, nil, "How many objects a page is asked for."},
	{"page", "verify_end", BoolSetting, nil, "Whether the end of a list is proven by one more request."},
	{"page", "parallel", BoolSetting, nil, "Whether pages are read at the same time."},
	{"lookup", "user_by", ListSetting, []string{"externalId", "userName"}, "The attributes that users are looked up by, in order."},
	{"lookup", "group_by", ListSetting, []string{"externalId", "displayName"}, "The attributes that groups are looked up by, in order."},
	{"lookup", "case", TextSetting, []string{"exact", "fold"}, "Whether filters by name compare with case; where they do, an empty answer proves nothing."},
	{"lookup", "trust_empty", BoolSetting, nil, "Whether an empty answer to a filter proves absence."},
	{"lookup", "settle", DurationSetting, nil, "How long after a write the target may not show it yet."},
	{"write", "user", TextSetting, []string{"patch", "put", "put_merge"}, "How users are changed."},
	{"write", "group", TextSetting, []string{"patch", "put", "put_merge"}, "How groups are changed."},
	{"write", "member_remove", TextSetting, []string{"value_path", "value_list", "object_list"}, "The form in which members are removed."},
	{"write", "create_with_members", BoolSetting, nil, "Whether a new group carries its members."},
	{"write", "content_type", TextSetting, []string{"application/scim+json", "application/json"}, "The content type of requests."},
	{"write", "group_external_id", BoolSetting, nil, "Whether groups have an externalId."},
	{"write", "group_rename", BoolSetting, nil, "Whether a group can be renamed."},
	{"write", "group_names_unique", BoolSetting, nil, "Whether no two groups can have one name."},
	{"members", "read", TextSetting, []string{"full", "by_filter", "capped", "write_only"}, "How much of a group's members the target returns."},
	{"members", "cap", NumberSetting, nil, "How many members a capped target returns at most."},
	{"deprovision", "deactivate", TextSetting, []string{"reversible", "deletes", "unsupported"}, "What active = false does to an account."},
	{"deprovision", "delete", TextSetting, []string{"permanent", "deactivates", "unsupported"}, "What DELETE does to an account."},
}
