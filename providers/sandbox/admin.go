package sandbox

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// adminPath is where faults and counts are reached while the service runs.
const adminPath = "/sandbox/"

// admin answers
//
//	POST   /sandbox/faults    a fault on each line of the body is switched on
//	GET    /sandbox/faults    those that are on
//	DELETE /sandbox/faults    all are switched off
//	GET    /sandbox/requests  how often each endpoint was asked
//	DELETE /sandbox/requests  the count starts anew
//
// in plain text, to those who hold the token.
func (s *Service) admin(w http.ResponseWriter, r *http.Request) *response {
	if !s.authorized(r.Header) {
		return failf(http.StatusUnauthorized, "", "the request carries no valid bearer token").response()
	}
	switch r.Method + " " + r.URL.Path {
	case "POST /sandbox/faults":
		return s.injectLines(w, r)
	case "GET /sandbox/faults":
		return plain(http.StatusOK, s.faults.lines())
	case "DELETE /sandbox/faults":
		s.ClearFaults()
		return &response{status: http.StatusNoContent}
	case "GET /sandbox/requests":
		return plain(http.StatusOK, s.countLines())
	case "DELETE /sandbox/requests":
		s.ResetRequests()
		return &response{status: http.StatusNoContent}
	}
	return notFound("there is no %s %s", r.Method, r.URL.Path).response()
}

func plain(status int, lines []string) *response {
	text := strings.Join(lines, "\n")
	if text != "" {
		text += "\n"
	}
	return (&response{status: status, body: []byte(text)}).set("Content-Type", "text/plain; charset=utf-8")
}

// injectLines switches on all faults of a body, or none.
func (s *Service) injectLines(w http.ResponseWriter, r *http.Request) *response {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil {
		return plain(http.StatusRequestEntityTooLarge, []string{err.Error()})
	}
	var list []Fault
	for line := range strings.Lines(string(body)) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		f, err := ParseFault(line)
		if err != nil {
			return plain(http.StatusBadRequest, []string{err.Error()})
		}
		list = append(list, f)
	}
	for _, f := range list {
		s.Inject(f)
	}
	return &response{status: http.StatusNoContent}
}

func (f *faults) lines() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := []string{}
	for _, a := range f.list {
		out = append(out, fmt.Sprintf("%s (struck %d of %d)", a.text, a.struck, a.matched))
	}
	if f.past.db != nil {
		out = append(out, fmt.Sprintf("lag=%s", f.past.lag))
	}
	return out
}

func (s *Service) countLines() []string {
	out := []string{}
	for e, n := range s.Requests() {
		out = append(out, fmt.Sprintf("%s %d", e, n))
	}
	slices.Sort(out)
	return out
}
