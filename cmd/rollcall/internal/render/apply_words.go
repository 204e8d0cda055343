package render

import (
	"fmt"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/schema"
)

// applyVerb is how an action is told while it is carried out.
type applyVerb struct{ doing, done, undone string }

// applyVerbOf returns the words for a; they are Terraform's where it has any.
func applyVerbOf(a planner.Action) applyVerb {
	switch a {
	case planner.Create:
		return applyVerb{"Creating", "Creation complete", "created"}
	case planner.AdoptIt:
		return applyVerb{"Adopting", "Adoption complete", "adopted"}
	case planner.Reactivate:
		return applyVerb{"Reactivating", "Reactivation complete", "reactivated"}
	case planner.Deactivate:
		return applyVerb{"Deactivating", "Deactivation complete", "deactivated"}
	case planner.Delete:
		return applyVerb{"Destroying", "Destruction complete", "destroyed"}
	case planner.Empty:
		return applyVerb{"Emptying", "Emptying complete", "emptied"}
	case planner.Release:
		return applyVerb{"Releasing", "Release complete", "released"}
	default:
		return applyVerb{"Updating", "Update complete", "updated"}
	}
}

// objectName names what a change is about: user "alice@acme.com".
func objectName(c *planner.Change) string { return string(c.Kind) + " " + quote(c.Name) }

// eventText tells an event in one line. It is the message of the JSON stream
// and the line that people see.
func eventText(e *providers.Event) string {
	switch e.Type {
	case providers.EventStart:
		return objectName(e.Change) + ": " + applyVerbOf(e.Change.Action).doing + "..."
	case providers.EventComplete:
		return objectName(e.Change) + ": " + applyVerbOf(e.Change.Action).done +
			" after " + seconds(e.Elapsed) + idText(e.RemoteID)
	case providers.EventErrored:
		return objectName(e.Change) + ": not " + applyVerbOf(e.Change.Action).undone + ": " + errorText(e.Err)
	case providers.EventQuarantined:
		return quarantinedText(e)
	case providers.EventRetry:
		return retryText(e)
	}
	return progressText(e)
}

// quarantinedText tells what is held back: the whole object, or members of a group.
func quarantinedText(e *providers.Event) string {
	if e.Err == nil {
		return objectName(e.Change) + ": " + count(len(e.Rejected), "member") + " held back, everything else goes on"
	}
	return objectName(e.Change) + ": held back, everything else goes on: " + errorText(e.Err)
}

// retryText tells what is tried again, and when.
func retryText(e *providers.Event) string {
	about := "target"
	if e.Change != nil {
		about = objectName(e.Change)
	}
	return about + ": Retrying in " + durationText(e.Wait) + ": " + errorText(e.Err)
}

// progressText tells how far an apply is.
func progressText(e *providers.Event) string {
	text := fmt.Sprintf("Still applying: %d of %d changes [%s elapsed]", e.Done, e.Total, seconds(e.Elapsed))
	if left, ok := timeLeft(e.Done, e.Total, e.Elapsed); ok {
		text += ", about " + durationText(left) + " left"
	}
	return text
}

// timeLeft extrapolates; the answer is none until something is done.
func timeLeft(done, total int, elapsed time.Duration) (time.Duration, bool) {
	if done == 0 || elapsed <= 0 || done >= total {
		return 0, false
	}
	each := float64(elapsed) / float64(done)
	return time.Duration(each * float64(total-done)).Round(time.Second), true
}

// seconds writes d in whole seconds, as Terraform does.
func seconds(d time.Duration) string { return durationText(d.Truncate(time.Second)) }

// idText returns " [id=ID]", or nothing.
func idText(id string) string {
	if id == "" {
		return ""
	}
	return " [id=" + Terminal(id) + "]"
}

// errorText returns what err says, on one line.
func errorText(err error) string {
	if err == nil {
		return "no cause is known"
	}
	return Prose(err.Error())
}

// originOf returns the line of the configuration that c goes back to.
func originOf(c *planner.Change) schema.Origin {
	for i := range c.Reasons {
		if o := c.Reasons[i].Origin; o.Known() {
			return o
		}
	}
	return c.Link.Origin
}
