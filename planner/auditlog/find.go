package auditlog

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Apply is all that the log says of one apply or note.
type Apply struct {
	ID string
	At time.Time
	// Run is nil where the log begins in the middle of the apply.
	Run     *Run
	Changes []Change
	// Ended is nil for an apply that has not ended, and for a note.
	Ended *Ended

	// known finds a change by its id.
	known map[string]int
}

// Add takes the next record of the apply in. A change that is recorded again,
// by a later run, is as the later says.
func (a *Apply) Add(r *Record) {
	switch {
	case r.Run != nil:
		a.Run, a.At = r.Run, r.At
	case r.Change != nil:
		a.addChange(r.Change)
	case r.Ended != nil:
		a.Ended = r.Ended
	}
}

func (a *Apply) addChange(c *Change) {
	at, again := a.known[c.Change.ID]
	switch {
	case !again:
		if a.known == nil {
			a.known = make(map[string]int)
		}
		a.known[c.Change.ID] = len(a.Changes)
		a.Changes = append(a.Changes, *c)
	case c.Status != Unknown:
		a.Changes[at] = *c
	}
}

// NotFoundError says that no apply, or more than one, is called so.
type NotFoundError struct {
	ID string
	// Found are the ids that begin with it, two at most.
	Found []string
}

// Error says which.
func (e *NotFoundError) Error() string {
	if len(e.Found) > 0 {
		return fmt.Sprintf("more than one apply begins with %q: %s; give more of the id", e.ID, strings.Join(e.Found, ", "))
	}
	return fmt.Sprintf("the audit log has no apply %q; \"rollcall log\" lists them", e.ID)
}

// Find reads the apply whose id is id, or begins with it, out of a log. It
// refuses one whose own records do not stand as they were written.
func Find(log io.Reader, id string) (*Apply, error) {
	var found *Apply
	in := NewReader(log)
	for {
		r, _, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		broken := (*BrokenError)(nil)
		if err != nil && !errors.As(err, &broken) {
			return nil, err
		}
		open := found != nil && found.Ended == nil && found.Run != nil
		if !strings.HasPrefix(r.Apply, id) || id == "" {
			if broken != nil && open {
				return nil, broken
			}
			continue
		}
		if broken != nil {
			return nil, broken
		}
		if found == nil {
			found = &Apply{ID: r.Apply}
		}
		if found.ID != r.Apply {
			return nil, &NotFoundError{ID: id, Found: []string{found.ID, r.Apply}}
		}
		found.Add(&r)
	}
	if found == nil {
		return nil, &NotFoundError{ID: id}
	}
	return found, nil
}
