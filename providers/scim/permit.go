package scim

import (
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/schema"
)

// permit refuses what the dialect says must never be sent. A plan has none of
// it; a plan file that was made for another dialect may.
func (d *Dialect) permit(c *planner.Change) error {
	if c.Action == planner.Delete || c.Action == planner.Release {
		return nil
	}
	if c.Kind == planner.KindGroup {
		return d.permitGroup(c)
	}
	for _, v := range c.After {
		if d.LockedMapping != nil && !isField(v.Path) && !slices.Contains(d.LockedMapping, v.Path) {
			return refusal("%q is not in the target's locked mapping", v.Path)
		}
	}
	if c.Action == planner.Create && d.RequireExternalID && c.Link.ExternalID == "" && textOf(c.After, "externalId") == "" {
		return refusal("an account there needs an externalId, which sign-in is tied to")
	}
	return nil
}

// permitGroup keeps groups from the names that the target has for itself.
func (d *Dialect) permitGroup(c *planner.Change) error {
	name := textOf(c.After, "displayName")
	if name == "" && c.Action == planner.Create {
		name = c.Name
	}
	for _, reserved := range d.ReservedGroupNames {
		if name != "" && schema.Fold(name) == schema.Fold(reserved) {
			return refusal("%q is a name of the target's own", name)
		}
	}
	return nil
}

// refusal is an error about one object that no request is needed to know of.
func refusal(format string, args ...any) error {
	return &providers.ObjectError{Code: codeRefused, Err: fmt.Errorf(format, args...)}
}
