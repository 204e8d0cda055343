package run

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/auditlog"
	"github.com/rollcall-dev/rollcall/planner/planfile"
	"github.com/rollcall-dev/rollcall/planner/sealed"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/schema"
)

// PlaceError is the world failing at something that the configuration names:
// a target that does not answer, a directory that cannot be read.
type PlaceError struct {
	// What is the address of the block.
	What   schema.Address
	Origin schema.Origin
	Err    error
}

// Error names the block, then the cause.
func (e *PlaceError) Error() string { return fmt.Sprintf("%s: %v", e.What, e.Err) }

// Unwrap returns the cause.
func (e *PlaceError) Unwrap() error { return e.Err }

// FindingsError says that a run ended with errors about what a person wrote,
// which came to light only when it was evaluated.
type FindingsError struct{ Findings schema.Diagnostics }

// Error tells the first.
func (e *FindingsError) Error() string { return e.Findings[0].Summary + ": " + e.Findings[0].Detail }

// StaleError says that a plan is not the one that would be made now.
type StaleError struct {
	// Expected is the fingerprint that was asked for.
	Expected string
	// Now is the plan that was made instead, of which nothing was carried out.
	Now *planner.Plan
	// Source is where Expected comes from: a plan file, or a flag.
	Source string
	// Changed says what is not as it was; empty where that is not known.
	Changed string
}

// Error names both fingerprints.
func (e *StaleError) Error() string {
	changed := e.Changed
	if changed == "" {
		changed = "what it was made from"
	}
	return fmt.Sprintf("%s has the fingerprint %s, and the plan made now has %s: %s has changed since",
		e.Source, e.Expected, e.Now.Fingerprint, changed)
}

// whatChanged says which input of a plan is not as it was.
func whatChanged(before, now *planner.Inputs) string {
	switch {
	case before == nil:
		return ""
	case before.Config.Digest != now.Config.Digest:
		return "the configuration, or the value of a variable,"
	case !slices.EqualFunc(before.Directories, now.Directories, func(a, b planner.DirectoryInput) bool { return a.Digest == b.Digest }):
		return "a directory"
	case before.State != now.State:
		return "the state (somebody else applied a plan)"
	}
	return "something at a target, or the time"
}

// TokenError says that there is no credential for a target.
type TokenError struct{ Err error }

// Error names what to set.
func (e *TokenError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *TokenError) Unwrap() error { return e.Err }

// makeRoom says what to do where a file could not be written for want of room.
const makeRoom = "The disk is full, a quota or limit is used up, or nothing may be written there. Make room and run the command again: " +
	"what was there before is as it was, and what an apply has done is in the journal beside the state."

// advice says what to do about an error of a class, by its code.
var advice = map[schema.Code]struct{ summary, todo string }{
	"missing-token":        {"There is no token for the target", ""},
	"target-unavailable":   {"The target cannot be used", "Nothing was written. \"rollcall target check\" tries the target alone."},
	"state-unavailable":    {"The state cannot be used", ""},
	"key-missing":          {"What is encrypted cannot be read", "Nothing was written."},
	"credentials-rejected": {"The target refused the credentials", "Check the token, its scope and whether it has expired."},
	"incomplete-read":      {"The target could not be read whole", "Nothing was planned, because what is missing would look as if it were gone. Run again."},
	"state-damaged":        {"The state is damaged", "Nothing was written. What was there before is as it was."},
	"disk-full":            {"There is no room to write a file", makeRoom},
	"log-broken":           {"The audit log is not as it was written", "Keep it as it is, and find out who could write there."},
	"log-unavailable":      {"The audit log cannot be written", "Make room, or mend its permissions, and run again."},
	"stale-plan":           {"The plan is not current", "Nothing was written. Plan again, review, and apply the new plan."},
	"state-locked":         {"Somebody else holds the state's lock", "Wait for them with -lock-timeout=5m, or, if they are gone, run \"rollcall force-unlock ID\" with the lock's id."},
}

// Diagnose turns an error of a run into a finding: its code where it has one,
// the place in the configuration that it is about, and what to do.
func Diagnose(err error) schema.Diagnostic {
	d := schema.Diagnostic{Severity: schema.Error, Summary: "The run failed", Detail: sentence(err.Error()), Code: codeOf(err)}
	if a, ok := advice[d.Code]; ok {
		d.Summary = a.summary
		d.Detail = strings.TrimSuffix(d.Detail+" "+todo(err, a.todo), " ")
	}
	if place := (*PlaceError)(nil); errors.As(err, &place) {
		d.Origin = place.Origin
		if place.What.Name() != "" {
			d.Object = string(place.What)
		}
	}
	return d
}

// todo is what to do, which is usual for errors of that code.
func todo(err error, usual string) string {
	if e := (*UnlockedError)(nil); errors.As(err, &e) {
		return "The next run can take the lock. Make a note of who broke it, when and why."
	}
	return usual
}

// codeOf finds the code of an error; empty where it is one of a kind.
func codeOf(err error) schema.Code {
	if e := (*UnlockedError)(nil); errors.As(err, &e) {
		return codeOfLog(err)
	}
	if providers.NoRoom(err) {
		return "disk-full"
	}
	if errors.Is(err, sealed.ErrKey) {
		return "key-missing"
	}
	if e := (*providers.CredentialsError)(nil); errors.As(err, &e) {
		return "credentials-rejected"
	}
	if e := (*providers.IncompleteReadError)(nil); errors.As(err, &e) {
		return "incomplete-read"
	}
	if e := (*StaleError)(nil); errors.As(err, &e) || errors.Is(err, planfile.ErrAltered) {
		return "stale-plan"
	}
	if e := (*providers.LockedError)(nil); errors.As(err, &e) {
		return "state-locked"
	}
	if e := (*providers.ObjectError)(nil); errors.As(err, &e) {
		return e.Code
	}
	if e := (*LogError)(nil); errors.As(err, &e) {
		return codeOfLog(err)
	}
	if e := (*LogEndError)(nil); errors.As(err, &e) {
		return "log-broken"
	}
	if e := (*TokenError)(nil); errors.As(err, &e) {
		return "missing-token"
	}
	if e := (*providers.DamagedError)(nil); errors.As(err, &e) {
		return "state-damaged"
	}
	return codeOfPlace(err)
}

// codeOfLog tells a log that was altered from one that cannot be written.
func codeOfLog(err error) schema.Code {
	if e := (*auditlog.BrokenError)(nil); errors.As(err, &e) {
		return "log-broken"
	}
	return "log-unavailable"
}

// codeOfPlace finds the code of an error by what failed alone.
func codeOfPlace(err error) schema.Code {
	place := (*PlaceError)(nil)
	if !errors.As(err, &place) {
		return ""
	}
	switch place.What.Type() {
	case "target":
		return "target-unavailable"
	case "state":
		return "state-unavailable"
	}
	return ""
}

// sentence ends text with a full stop.
func sentence(text string) string {
	if text == "" || text[len(text)-1] == '.' {
		return text
	}
	return text + "."
}
