package auditlog

import (
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
)

// Filter chooses from a log. The zero Filter chooses everything.
type Filter struct {
	// ID is that of one apply, or how it begins.
	ID string
	// By is who ran it: user@host, or the user alone.
	By string
	// Since leaves out what was begun before.
	Since time.Time
	// App and Who choose changes: those of an app by its name, and those of a
	// person or of groups that they joined or left, by login or key.
	App, Who string
	// Last is how many applies are chosen at most, the latest; zero is no limit.
	Last int
	// Mark is the number of a record whose hash is wanted; zero for none.
	Mark uint64
}

// ofChanges reports whether the filter is about single changes.
func (f *Filter) ofChanges() bool { return f.App != "" || f.Who != "" }

// Shows reports whether r is chosen, given that its apply is.
func (f *Filter) Shows(r *Record) bool {
	if !f.ofChanges() {
		return true
	}
	return r.Change != nil && f.change(&r.Change.Change)
}

// change reports whether the filter is about c.
func (f *Filter) change(c *planner.Change) bool {
	if f.App != "" && c.App != f.App {
		return false
	}
	if f.Who == "" || c.Kind == planner.KindUser && f.is(c.Name, c.Key) {
		return true
	}
	member := func(m planner.Member) bool { return f.is(m.Name, m.Key) }
	return slices.ContainsFunc(c.Members.Add, member) || slices.ContainsFunc(c.Members.Remove, member)
}

func (f *Filter) is(name, key string) bool { return strings.EqualFold(name, f.Who) || key == f.Who }

// run reports whether an apply may be chosen by what its first record says.
func (f *Filter) run(r *Record) bool {
	if !strings.HasPrefix(r.Apply, f.ID) || r.At.Before(f.Since) {
		return false
	}
	if f.By == "" {
		return true
	}
	if r.Run == nil {
		return false
	}
	user, _, _ := strings.Cut(r.Run.Who, "@")
	return r.Run.Who == f.By || user == f.By
}

// Selection is what a filter chooses from a log, and what that says of itself.
type Selection struct {
	// Applies are the ids that were chosen, in the order of the log, and Older
	// how many more there are before them.
	Applies []string
	Older   int
	// Broken is the first place where the log does not stand as it was written;
	// nil where it does.
	Broken *BrokenError
	// Head is the log's end, At the time of its last record.
	Head Head
	At   time.Time
	// First is the number of the first record: more than one in a log that goes on
	// from another. Marked is the hash of the record that the filter marks; empty
	// where there is none.
	First  uint64
	Marked string
	// Last is the last operation in it; nil in an empty log.
	Last *Run
	// Open is the id of an apply that has not ended; empty without one.
	Open string
}

// Select reads a whole log and says which applies f chooses.
func (f *Filter) Select(log io.Reader) (*Selection, error) {
	s := &Selection{}
	seen, chosen := map[string]bool{}, map[string]bool{}
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
		if s.Broken == nil {
			s.Broken = broken
		}
		if s.First == 0 {
			s.First = r.Seq
		}
		if r.Seq == f.Mark {
			s.Marked = in.Head().Hash
		}
		s.follow(&r)
		if _, known := seen[r.Apply]; !known {
			seen[r.Apply] = f.run(&r)
		}
		if r.Apply != "" && seen[r.Apply] && !chosen[r.Apply] && f.Shows(&r) {
			chosen[r.Apply] = true
			s.Applies = append(s.Applies, r.Apply)
		}
	}
	s.Head = in.Head()
	if f.Last > 0 && len(s.Applies) > f.Last {
		s.Older = len(s.Applies) - f.Last
		s.Applies = s.Applies[s.Older:]
	}
	return s, nil
}

// follow keeps what the log says of its end.
func (s *Selection) follow(r *Record) {
	s.At = r.At
	switch r.Kind {
	case Begin:
		s.Last, s.Open = r.Run, r.Apply
	case Note:
		s.Last, s.Open = r.Run, ""
	case End:
		s.Open = ""
	}
}
