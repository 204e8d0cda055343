package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault is something that goes wrong with requests. It is made by ParseFault.
type Fault struct {
	text   string
	method string   // "" is every method
	path   []string // nil is every path
	action action
	status int // of actionStatus and actionCommitThenStatus
	// scimType goes into the body of an answer with a status.
	scimType string
	// retryAfter is for the header of that name, in seconds, or as the date that
	// is so far ahead. Without hasRetry there is no header.
	retryAfter       int
	hasRetry, asDate bool
	slow, lag        time.Duration
	drip             time.Duration // between the pieces of a body
	lagText          string        // as written
	// The first after requests that match go unharmed, then each every-th is
	// struck, until times are. Zero is no limit.
	after, every, times int
}

// action is what a fault does to a request.
type action string

const (
	actionNone         action = ""                 // only slow or lag
	actionStatus       action = "status"           // an error, nothing done
	actionCommitStatus action = "commit-then"      // done, and an error told
	actionCommitDrop   action = "commit-then-drop" // done, closed without an answer
	actionDrop         action = "drop"             // closed before anything is done
	actionReset        action = "reset"            // as drop, with a TCP reset
	actionHTML         action = "html"             // 200 and a page, nothing done
	actionTruncate     action = "truncate"         // done, the body ends early
	actionFlood        action = "flood"            // 200 and a body without end, nothing done
	actionIgnore       action = "ignore"           // nothing done, and answered as if
)

// String is the text that ParseFault read.
func (f Fault) String() string { return f.text }

// FaultHelp explains what ParseFault reads, for people.
const FaultHelp = `[METHOD] [PATH] WHAT... [after=N] [every=N] [times=N | once]

METHOD is GET, POST, PUT, PATCH or DELETE; without it every method is struck.
PATH lies below the base path: /Users is the collection, /Users/* one resource,
/** everything; without it every path is struck. WHAT is one of
  429, 503, ... or status=503   an error, and nothing is done
  unauthorized                  the same as 401
  html                          a web page with status 200, and nothing is done
  drop                          the connection closes, and nothing is done
  reset                         the same, with a TCP reset
  commit-then-drop              done, and the connection closes unanswered
  commit-then=503               done, and an error is told
  truncate                      done, and the answer ends early
  flood                         200 and a body without end, and nothing is done
  ignore                        a write is answered as if it were done
  slow=2s                       the answer takes that long; goes with the others
  drip=10ms                     the body comes in pieces, so far apart; likewise
  lag=200ms                     reads show what was true that long ago
retry-after=3 or retry-after=date:3 adds the header, scim-type=mutability the
keyword. after=N spares the first N that match, every=N strikes each N-th, times=N
ends it after N.`

var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// ParseFault reads a fault, as in "POST /Users 429 retry-after=3 times=2". See
// FaultHelp.
func ParseFault(text string) (Fault, error) {
	f := Fault{text: strings.Join(strings.Fields(text), " ")}
	words := strings.Fields(text)
	if len(words) > 0 && slices.Contains(methods, strings.ToUpper(words[0])) {
		f.method, words = strings.ToUpper(words[0]), words[1:]
	}
	if len(words) > 0 && strings.HasPrefix(words[0], "/") {
		f.path, words = strings.Split(strings.Trim(words[0], "/"), "/"), words[1:]
	}
	for _, w := range words {
		if err := f.word(w); err != nil {
			return Fault{}, fmt.Errorf("parse fault %q: %w", text, err)
		}
	}
	if err := f.check(); err != nil {
		return Fault{}, fmt.Errorf("parse fault %q: %w", text, err)
	}
	return f, nil
}

// word reads one word behind method and path.
func (f *Fault) word(w string) error {
	name, value, given := strings.Cut(w, "=")
	if read, ok := faultValues[name]; ok && given {
		return read(f, value)
	}
	if given {
		return fmt.Errorf("%q is not known", name)
	}
	if _, err := strconv.Atoi(name); err == nil {
		return faultValues["status"](f, name)
	}
	switch a := action(name); a {
	case actionCommitDrop, actionDrop, actionReset, actionHTML, actionTruncate, actionFlood, actionIgnore:
		return f.act(a)
	}
	switch name {
	case "once":
		f.times = 1
		return nil
	case "unauthorized":
		f.status = http.StatusUnauthorized
		return f.act(actionStatus)
	}
	return fmt.Errorf("%q is not known", name)
}

func (f *Fault) act(a action) error {
	if f.action != actionNone {
		return fmt.Errorf("%s and %s exclude each other", f.action, a)
	}
	f.action = a
	return nil
}

// faultValues are the words with a value.
var faultValues = map[string]func(*Fault, string) error{
	"status":      func(f *Fault, v string) error { return f.answerWith(actionStatus, v) },
	"commit-then": func(f *Fault, v string) error { return f.answerWith(actionCommitStatus, v) },
	"scim-type":   func(f *Fault, v string) error { f.scimType = v; return nil },
	"retry-after": (*Fault).readRetry,
	"slow":        func(f *Fault, v string) error { return readDuration(&f.slow, v) },
	"drip":        func(f *Fault, v string) error { return readDuration(&f.drip, v) },
	"lag":         func(f *Fault, v string) error { f.lagText = v; return readDuration(&f.lag, v) },
	"after":       func(f *Fault, v string) error { return readCount(&f.after, v) },
	"every":       func(f *Fault, v string) error { return readCount(&f.every, v) },
	"times":       func(f *Fault, v string) error { return readCount(&f.times, v) },
}

func (f *Fault) answerWith(a action, v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 200 || n > 599 {
		return fmt.Errorf("%q is not a status from 200 to 599", v)
	}
	f.status = n
	return f.act(a)
}

func (f *Fault) readRetry(v string) error {
	v, f.asDate = strings.CutPrefix(v, "date:")
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		return fmt.Errorf("retry-after=%s: want seconds, as in retry-after=3 or retry-after=date:3", v)
	}
	f.retryAfter, f.hasRetry = n, true
	return nil
}

func readDuration(to *time.Duration, v string) error {
	d, err := time.ParseDuration(v)
	if err != nil || d <= 0 {
		return fmt.Errorf("%q is not a duration such as 200ms", v)
	}
	*to = d
	return nil
}

func readCount(to *int, v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		return fmt.Errorf("%q is not a number of at least 1", v)
	}
	*to = n
	return nil
}

func (f *Fault) check() error {
	switch {
	case f.action == actionNone && f.slow+f.drip+f.lag == 0:
		return fmt.Errorf("it does not say what goes wrong")
	case f.hasRetry && f.action != actionStatus && f.action != actionCommitStatus:
		return fmt.Errorf("retry-after needs a status")
	case f.lag > 0 && f.text != "lag="+f.lagText:
		return fmt.Errorf("lag stands alone")
	}
	return nil
}

// matches says whether the fault is about such a request.
func (f *Fault) matches(method string, path []string) bool {
	if f.method != "" && f.method != method {
		return false
	}
	if f.path == nil {
		return true
	}
	for i, want := range f.path {
		switch {
		case want == "**":
			return true
		case i >= len(path) || want != "*" && !strings.EqualFold(want, path[i]):
			return false
		}
	}
	return len(f.path) == len(path)
}
