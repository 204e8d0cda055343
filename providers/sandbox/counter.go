package sandbox

import (
	"maps"
	"sync"
)

// Endpoint is a method and a path in which ids are "*", as in PATCH /Groups/*.
type Endpoint struct{ Method, Path string }

// String is how people write it: "PATCH /Groups/*".
func (e Endpoint) String() string { return e.Method + " " + e.Path }

// counter counts requests. The zero value is ready.
type counter struct {
	mu    sync.Mutex
	count map[Endpoint]int
}

func (c *counter) add(e Endpoint) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count == nil {
		c.count = map[Endpoint]int{}
	}
	c.count[e]++
}

// Requests says how many requests arrived at each endpoint since the service
// was opened or ResetRequests was called, failed ones among them.
func (s *Service) Requests() map[Endpoint]int {
	s.requests.mu.Lock()
	defer s.requests.mu.Unlock()
	return maps.Clone(s.requests.count)
}

// ResetRequests starts counting anew.
func (s *Service) ResetRequests() {
	s.requests.mu.Lock()
	defer s.requests.mu.Unlock()
	s.requests.count = nil
}
