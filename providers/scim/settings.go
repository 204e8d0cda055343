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

// setters give each setting of [schema.TargetSettings] its meaning, by block and
// name. A value is a bool, an int, a string, a []string or a time.Duration, as
// the setting's kind says.
var setters = map[string]func(*Dialect, any){
	"limits.members_per_request":    func(d *Dialect, v any) { d.Write.MembersPerRequest = v.(int) },
	"limits.operations_per_request": func(d *Dialect, v any) { d.Write.OperationsPerRequest = v.(int) },
	"limits.body_bytes":             func(d *Dialect, v any) { d.Write.BodyBytes = v.(int) },
	"page.method":                   func(d *Dialect, v any) { d.Page.Method = PageMethod(v.(string)) },
	"page.max":                      func(d *Dialect, v any) { d.Page.Max = v.(int) },
	"page.verify_end":               func(d *Dialect, v any) { d.Page.VerifyEnd = v.(bool) },
	"page.parallel":                 func(d *Dialect, v any) { d.Page.Parallel = v.(bool) },
	"lookup.user_by":                func(d *Dialect, v any) { d.Lookup.UserBy = v.([]string) },
	"lookup.group_by":               func(d *Dialect, v any) { d.Lookup.GroupBy = v.([]string) },
	"lookup.case":                   func(d *Dialect, v any) { d.Lookup.CaseExact = v.(string) == "exact" },
	"lookup.trust_empty":            func(d *Dialect, v any) { d.Lookup.TrustEmpty = v.(bool) },
	"lookup.settle":                 func(d *Dialect, v any) { d.Lookup.Settle = v.(time.Duration) },
	"write.user":                    func(d *Dialect, v any) { d.Write.User = Method(v.(string)) },
	"write.group":                   func(d *Dialect, v any) { d.Write.Group = Method(v.(string)) },
	"write.member_remove":           func(d *Dialect, v any) { d.Write.MemberRemove = Removal(v.(string)) },
	"write.create_with_members":     func(d *Dialect, v any) { d.Write.CreateWithMembers = v.(bool) },
	"write.content_type":            func(d *Dialect, v any) { d.Write.ContentType = v.(string) },
	"write.group_external_id":       func(d *Dialect, v any) { d.Write.GroupExternalID = v.(bool) },
	"write.group_rename":            func(d *Dialect, v any) { d.Write.GroupRename = v.(bool) },
	"write.group_names_unique":      func(d *Dialect, v any) { d.Write.GroupNamesUnique = v.(bool) },
	"members.read":                  func(d *Dialect, v any) { d.Members.Read = planner.Readability(v.(string)) },
	"members.cap":                   func(d *Dialect, v any) { d.Members.Cap = v.(int) },
	"deprovision.deactivate":        func(d *Dialect, v any) { d.Deprovision.Deactivate = Ending(v.(string)) },
	"deprovision.delete":            func(d *Dialect, v any) { d.Deprovision.Delete = Ending(v.(string)) },
}

// apply sets the field that s names.
func (d *Dialect) apply(s schema.Setting) error {
	specs := schema.TargetSettings()
	i := slices.IndexFunc(specs, func(f schema.SettingSpec) bool { return f.Block == s.Block && f.Name == s.Name })
	if i < 0 {
		return fmt.Errorf("there is no setting %s.%s", s.Block, s.Name)
	}
	value, err := settingValue(&specs[i], s.Value)
	if err != nil {
		return fmt.Errorf("setting %s.%s: %w", s.Block, s.Name, err)
	}
	setters[s.Block+"."+s.Name](d, value)
	return nil
}

// settingValue checks v and gives it the type that the setter takes.
func settingValue(f *schema.SettingSpec, v any) (any, error) {
	switch f.Kind {
	case schema.BoolSetting:
		if b, ok := v.(bool); ok {
			return b, nil
		}
		return nil, fmt.Errorf("%v is neither true nor false", v)
	case schema.NumberSetting:
		if n, ok := v.(float64); ok && n >= 1 && n <= 1<<30 && n == math.Trunc(n) {
			return int(n), nil
		}
		return nil, fmt.Errorf("%v is no whole number above zero", v)
	case schema.DurationSetting:
		return durationValue(v)
	case schema.ListSetting:
		return listValue(f.Values, v)
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
func listValue(allowed []string, v any) (any, error) {
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
		return nil, fmt.Errorf("%v is no list of %s", v, strings.Join(allowed, ", "))
	}
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
		if !slices.Contains(allowed, names[i]) {
			return nil, fmt.Errorf("%q is none of %s", names[i], strings.Join(allowed, ", "))
		}
	}
	return names, nil
}
