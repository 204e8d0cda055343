package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/schema"
)

// The codes of an [providers.ObjectError] from this package.
const (
	codeConflict  schema.Code = "conflict"
	codeAmbiguous schema.Code = "ambiguous-match"
	codeGone      schema.Code = "target-gone"
	codeMember    schema.Code = "member-rejected"
	codeRefused   schema.Code = "refused"
)

// Do carries c out. Where it fails half-way, as when a group was made and its
// members were not, the outcome still has the id.
func (t *Target) Do(ctx context.Context, c planner.Change) (planner.Outcome, error) {
	o := planner.Outcome{RemoteID: c.RemoteID}
	err := t.dialect.permit(&c)
	switch {
	case err != nil, c.Action == planner.Release:
	case c.Kind == planner.KindUser:
		err = t.doUser(ctx, c, &o)
	case c.Kind == planner.KindGroup:
		err = t.doGroup(ctx, c, &o)
	default:
		err = fmt.Errorf("a change of kind %q is not known", c.Kind)
	}
	o.At = t.clock.Now()
	if err != nil {
		return o, fmt.Errorf("%s %s %q: %w", c.Action, c.Kind, c.Name, err)
	}
	return o, nil
}

func (t *Target) doUser(ctx context.Context, c planner.Change, o *planner.Outcome) error {
	switch c.Action {
	case planner.Create:
		return t.createUser(ctx, c, o)
	case planner.Delete:
		return t.delete(ctx, "Users", c.RemoteID)
	case planner.Deactivate:
		if t.dialect.Deprovision.Deactivate == Unsupported {
			return refusal("the target cannot deactivate accounts")
		}
	}
	return t.update(ctx, "Users", c.RemoteID, c.Before, c.After)
}

func (t *Target) doGroup(ctx context.Context, c planner.Change, o *planner.Outcome) error {
	switch c.Action {
	case planner.Create:
		return t.createGroup(ctx, c, o)
	case planner.Delete:
		return t.delete(ctx, "Groups", c.RemoteID)
	}
	// A rename never shares a request with memberships: some services refuse
	// one, and a cut between the two must leave neither half done.
	if err := t.update(ctx, "Groups", c.RemoteID, c.Before, c.After); err != nil {
		return err
	}
	var err error
	o.Rejected, err = t.changeMembers(ctx, c.RemoteID, c.Members)
	return err
}

// delete removes an object. One that is gone already is as wanted.
func (t *Target) delete(ctx context.Context, kind, id string) error {
	if kind == "Users" && t.dialect.Deprovision.Delete == Unsupported {
		return refusal("the target cannot delete accounts")
	}
	_, err := t.client.Do(ctx, providers.Request{Method: http.MethodDelete, Path: []string{kind, id}})
	if status(err) == http.StatusNotFound {
		return nil
	}
	return asObjectError(err)
}

// status is the status of the answer that err is about; zero if there was none.
func status(err error) int {
	var e *providers.RequestError
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// scimType is the scimType of the answer that err is about.
func scimType(err error) string {
	var e *providers.RequestError
	if errors.As(err, &e) {
		return e.SCIMType
	}
	return ""
}

// asObjectError says which failures concern one object alone: those where the
// target understood the request and said no. What may pass, what concerns the
// token, and a missing answer stay what they are.
func asObjectError(err error) error {
	var known *providers.ObjectError
	var credentials *providers.CredentialsError
	if err == nil || errors.As(err, &known) || errors.As(err, &credentials) {
		return err
	}
	switch s := status(err); {
	case s == http.StatusNotFound, s == http.StatusGone:
		return &providers.ObjectError{Code: codeGone, Err: err}
	case s == http.StatusConflict, s == http.StatusPreconditionFailed:
		return &providers.ObjectError{Code: codeConflict, Err: err}
	case s == http.StatusTooManyRequests:
		return err
	case s >= 400 && s <= http.StatusNotImplemented:
		return &providers.ObjectError{Code: codeRefused, Err: err}
	}
	return err
}
