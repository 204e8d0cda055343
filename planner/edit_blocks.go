package planner

import (
	"errors"
	"fmt"

	"github.com/rollcall-dev/rollcall/schema"
)

// editAssignment makes an edit of an assignment.
func (e *editor) editAssignment(edit *Edit) error {
	a, err := block(e, &e.cfg.Assignments, assignmentAddress, edit)
	if err != nil {
		return err
	}
	if whole(edit) {
		drop(e, &e.cfg.Assignments, assignmentAddress, a.Address)
		return nil
	}
	argument, err := e.listArgument(edit, "users", "groups")
	switch {
	case err != nil:
		return err
	case argument == "users":
		return e.editUsers(&a.Users, listName(a.Address, argument), edit)
	case argument == "groups":
		return e.editGroups(&a.Groups, listName(a.Address, argument), edit)
	case edit.Op == EditSet || edit.Op == EditRemove && edit.Value == nil:
		return setAssignment(a, argument, edit)
	}
	return unknownArgument(edit, "users", "groups")
}

// setAssignment sets an argument of an assignment that is no list.
func setAssignment(a *schema.Assignment, argument string, edit *Edit) (err error) {
	switch argument {
	case "starts":
		a.Starts, err = timeValue(edit.Value)
	case "expires":
		a.Expires, err = timeValue(edit.Value)
	case "priority":
		a.Priority = schema.DefaultPriority
		if edit.Value != nil {
			a.Priority, err = intValue(edit.Value)
		}
	case "reason":
		err = setText(&a.Reason, edit.Value, false)
	default:
		return unknownArgument(edit, "users", "groups", "starts", "expires", "priority", "reason")
	}
	if err == nil && !a.Starts.IsZero() && !a.Expires.IsZero() && !a.Starts.Before(a.Expires) {
		return fmt.Errorf("%s would expire before it starts", a.Address)
	}
	return err
}

// whole reports whether an edit removes what its address names.
func whole(edit *Edit) bool {
	return edit.Op == EditRemove && edit.Argument == "" && edit.Value == nil
}

// editPushGroup makes an edit of a push_group.
func (e *editor) editPushGroup(edit *Edit) error {
	p, err := block(e, &e.cfg.PushGroups, pushGroupAddress, edit)
	switch {
	case err != nil:
		return err
	case whole(edit):
		drop(e, &e.cfg.PushGroups, pushGroupAddress, p.Address)
		return nil
	case edit.Op == EditSet && edit.Argument == "target_name":
		return setText(&p.TargetName, edit.Value, false)
	}
	return setPush(&p.Push, edit, "target_name")
}

// editPushRule makes an edit of a push_rule.
func (e *editor) editPushRule(edit *Edit) error {
	p, err := block(e, &e.cfg.PushRules, pushRuleAddress, edit)
	switch {
	case err != nil:
		return err
	case whole(edit):
		drop(e, &e.cfg.PushRules, pushRuleAddress, p.Address)
		return nil
	case edit.Argument == "exclude" || edit.Argument == "" && edit.Value != nil:
		return e.editGroups(&p.Exclude, listName(p.Address, "exclude"), edit)
	}
	return setPush(&p.Push, edit, "exclude")
}

// setPush sets what both kinds of pushes have; also are the arguments that this
// kind has besides.
func setPush(p *schema.Push, edit *Edit, also ...string) error {
	known := append([]string{"status", "membership", "on_unpush", "allow_empty"}, also...)
	if edit.Op != EditSet {
		return unknownArgument(edit, known...)
	}
	switch edit.Argument {
	case "status":
		return setChoice(&p.Inactive, edit.Value, choice[bool]{"active", false}, choice[bool]{"inactive", true})
	case "membership":
		return setChoice(&p.Additive, edit.Value, choice[bool]{"authoritative", false}, choice[bool]{"additive", true})
	case "on_unpush":
		return setChoice(&p.OnUnpush, edit.Value, unpushChoices()...)
	case "allow_empty":
		allow, err := boolValue(edit.Value)
		p.AllowEmpty = allow
		return err
	}
	return unknownArgument(edit, known...)
}

func unpushChoices() []choice[schema.OnUnpush] {
	return []choice[schema.OnUnpush]{{"empty", schema.UnpushEmpty}, {"leave", schema.UnpushLeave}, {"delete", schema.UnpushDelete}}
}

// editApp makes an edit of an app. Adding somebody to an app assigns it to
// them directly.
func (e *editor) editApp(edit *Edit) error {
	a, err := block(e, &e.cfg.Apps, appAddress, edit)
	switch {
	case err != nil:
		return err
	case whole(edit):
		e.removeApp(a.Address)
		return nil
	case edit.Op == EditAdd && edit.Argument == "" && edit.Value != nil:
		return e.assign(a, edit)
	case edit.Op == EditRemove && edit.Argument == "":
		return errors.New("an app is had through assignments and groups: remove the person or group from one of those, or the assignment")
	case edit.Op == EditSet:
		return setApp(a, edit)
	}
	return unknownArgument(edit, appArguments()...)
}

func appArguments() []string {
	return []string{
		"on_unassign", "on_suspended", "on_unpush", "unmanaged", "mode",
		"provisioning.create_users", "provisioning.update_user_attributes", "provisioning.deactivate_users",
	}
}

// setApp sets one of an app's verbs or switches.
func setApp(a *schema.App, edit *Edit) (err error) {
	p := &a.Provisioning
	switch edit.Argument {
	case "on_unassign":
		return setChoice(&a.OnUnassign, edit.Value, choice[schema.OnUnassign]{"deactivate", schema.UnassignDeactivate},
			choice[schema.OnUnassign]{"delete", schema.UnassignDelete}, choice[schema.OnUnassign]{"keep", schema.UnassignKeep})
	case "on_suspended":
		return setChoice(&a.OnSuspended, edit.Value, choice[schema.OnSuspended]{"keep", schema.SuspendedKeep},
			choice[schema.OnSuspended]{"deactivate", schema.SuspendedDeactivate})
	case "on_unpush":
		return setChoice(&a.OnUnpush, edit.Value, unpushChoices()...)
	case "unmanaged":
		return setChoice(&a.IgnoreUnmanaged, edit.Value, choice[bool]{"report", false}, choice[bool]{"ignore", true})
	case "mode":
		return setChoice(&a.ReportOnly, edit.Value, choice[bool]{"manage", false}, choice[bool]{"report", true})
	case "provisioning.create_users":
		p.CreateUsers, err = boolValue(edit.Value)
	case "provisioning.update_user_attributes":
		p.UpdateUserAttributes, err = boolValue(edit.Value)
	case "provisioning.deactivate_users":
		p.DeactivateUsers, err = boolValue(edit.Value)
	default:
		return unknownArgument(edit, appArguments()...)
	}
	return err
}

// assign declares an assignment of the app to one person or group.
func (e *editor) assign(app *schema.App, edit *Edit) error {
	argument, err := e.listArgument(edit, "users", "groups")
	if err != nil {
		return err
	}
	a := schema.Assignment{App: app.Address, Priority: schema.DefaultPriority, Origin: edit.Origin}
	name := ""
	if argument == "users" {
		ref, err := e.userRef(edit.Value)
		if err != nil {
			return err
		}
		a.Users, name = []schema.UserRef{ref}, refLabel(string(ref.Address), ref.Login)
	} else {
		ref, err := e.groupRef(edit.Value)
		if err != nil {
			return err
		}
		a.Groups, name = []schema.GroupRef{ref}, refLabel(string(ref.Address), ref.Name)
	}
	a.Address = schema.Address("assignment." + freeLabel(e.cfg, name))
	return insertBlock(e, &e.cfg.Assignments, assignmentAddress, a)
}

// removeApp removes an app with its assignments, pushes and waivers.
func (e *editor) removeApp(gone schema.Address) {
	drop(e, &e.cfg.Apps, appAddress, gone)
	dropRefs(e, &e.cfg.Assignments, "assignment", func(a schema.Assignment) bool { return a.App == gone })
	dropRefs(e, &e.cfg.PushGroups, "push_group", func(p schema.PushGroup) bool { return p.App == gone })
	dropRefs(e, &e.cfg.PushRules, "push_rule", func(p schema.PushRule) bool { return p.App == gone })
	e.forget(gone)
}
