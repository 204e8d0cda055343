package storetest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
)

// Terraform is a server that keeps one state by Terraform's protocol as GitLab
// does: a lock is taken by POST at the state's address with /lock behind it, and
// given back by DELETE there, a write must carry the lock's id, and a serial is
// written once. It wants the user TerraformUser with SecretOfTests.
type Terraform struct {
	mu sync.Mutex
	// Document is what is kept.
	Document []byte
	serial   uint64
	lock     []byte
	lockID   string
	// Lies makes it ignore "lock" or "write" of who does not hold the lock.
	Lies string
}

// TerraformUser is the user that [Terraform] wants.
const TerraformUser = "ci"

// ServeHTTP answers one request.
func (s *Terraform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	user, password, _ := r.BasicAuth()
	locking := strings.HasSuffix(r.URL.Path, "/lock")
	switch {
	case user != TerraformUser || password != SecretOfTests:
		w.WriteHeader(http.StatusUnauthorized)
	case locking && r.Method == http.MethodPost:
		s.take(w, body)
	case locking && r.Method == http.MethodDelete:
		s.giveBack(w, body)
	case r.Method == http.MethodPost:
		s.write(w, r.URL.Query().Get("ID"), body)
	case r.Method == http.MethodGet && s.Document == nil:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodGet:
		_, _ = w.Write(s.Document)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

func idOf(body []byte) string {
	var l struct{ ID string }
	_ = json.Unmarshal(body, &l)
	return l.ID
}

func (s *Terraform) take(w http.ResponseWriter, body []byte) {
	if s.lockID != "" && s.Lies != "lock" {
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write(s.lock)
		return
	}
	s.lock, s.lockID = body, idOf(body)
}

func (s *Terraform) giveBack(w http.ResponseWriter, body []byte) {
	if s.lockID != idOf(body) {
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write(s.lock)
		return
	}
	s.lock, s.lockID = nil, ""
}

func (s *Terraform) write(w http.ResponseWriter, id string, body []byte) {
	var d struct{ Serial uint64 }
	switch err := json.Unmarshal(body, &d); {
	case err != nil:
		w.WriteHeader(http.StatusBadRequest)
	case id != s.lockID && s.Lies != "write":
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write(s.lock)
	case d.Serial <= s.serial && s.Document != nil:
		w.WriteHeader(http.StatusUnprocessableEntity)
	default:
		s.Document, s.serial = body, d.Serial
	}
}

// Cut cuts the document to its first n bytes, and reports whether it has more.
func (s *Terraform) Cut(n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	longer := n < len(s.Document)
	if longer {
		s.Document = s.Document[:n]
	}
	return longer
}

// Bump writes what is there once more under the next serial, as a renewal of the
// holder does that was held up on its way.
func (s *Terraform) Bump() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var d map[string]any
	if json.Unmarshal(s.Document, &d) != nil {
		return
	}
	s.serial++
	d["serial"] = s.serial
	s.Document, _ = json.Marshal(d)
}
