package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// BasePath is where the service lives below its address.
const BasePath = "/scim/v2"

// Options says what service to open. The zero value is a strict one in memory
// that asks for no token.
type Options struct {
	// Path of the file that keeps the resources; empty keeps them in memory.
	// Opening does not create it: the first write does.
	Path string
	// NoSync leaves it to the system when writes reach the disk. A crash of the
	// process then still loses nothing, a crash of the machine may.
	NoSync bool
	// Dialect is what ParseDialect reads; empty is "scim".
	Dialect string
	// Token is the bearer token that requests must carry; empty asks for none.
	Token string
	// Admin serves /sandbox/faults and /sandbox/requests beside SCIM.
	Admin bool
	// Clock tells the time; nil is time.Now.
	Clock func() time.Time
	// NewID makes ids; nil makes random UUIDs.
	NewID func() string
	// Log is told of every request once it is answered; it must be safe for
	// concurrent use.
	Log func(Exchange)
}

// Exchange is a request and what became of it.
type Exchange struct {
	At time.Time
	// ID is the request's, which its answer carries in the header X-Request-Id.
	ID string
	// Method, Path and Query are as the client sent them.
	Method, Path, Query string
	// Status is 0 where the connection was closed without an answer.
	Status int
	// Fault is the text of the fault that struck, if one did; of several, with
	// semicolons between them.
	Fault string
}

// Service is a SCIM service. It is safe for concurrent use.
type Service struct {
	options Options
	dialect Dialect

	mu   sync.RWMutex // guards db
	db   *database
	file *file // nil in memory

	faults   faults
	requests counter
	// arrived counts requests, to name them by.
	arrived atomic.Uint64

	serving sync.WaitGroup
	closing chan struct{}
	once    sync.Once
}

// Open reads what the file holds and returns the service, which serves as an
// http.Handler or by Listen. A file that another process has open is refused.
func Open(o Options) (*Service, error) {
	d, err := ParseDialect(o.Dialect)
	if err != nil {
		return nil, err
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.NewID == nil {
		o.NewID = newUUID
	}
	s := &Service{options: o, dialect: d, db: newDatabase(), closing: make(chan struct{})}
	if o.Path == "" {
		return s, nil
	}
	if s.file, err = openFile(o.Path, o.NoSync, s.db); err != nil {
		return nil, err
	}
	return s, nil
}

// Dialect returns the dialect that the service speaks.
func (s *Service) Dialect() Dialect { return s.dialect }

// Listen serves on addr, which must be a loopback address such as
// "127.0.0.1:0", until ctx is done or the service is closed. It returns the base
// URL, which clients append /Users to.
func (s *Service) Listen(ctx context.Context, addr string) (baseURL string, err error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("listen on %q: %w", addr, err)
	}
	if !schema.IsLoopback(host) {
		return "", fmt.Errorf("listen on %q: the sandbox serves on loopback only, such as 127.0.0.1:8080", addr)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("listen on %q: %w", addr, err)
	}
	server := &http.Server{Handler: http.HandlerFunc(s.serveLocal), ReadHeaderTimeout: 10 * time.Second}
	s.serving.Go(func() { s.stopWith(ctx, server) })
	s.serving.Go(func() { _ = server.Serve(listener) }) // ends when the server is stopped
	return "http://" + listener.Addr().String() + BasePath, nil
}

// serveLocal refuses requests that were meant for another host: a web page can
// make a browser send those by changing where its own name leads.
func (s *Service) serveLocal(w http.ResponseWriter, r *http.Request) {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if !schema.IsLoopback(strings.Trim(host, "[]")) {
		s.send(w, failf(http.StatusMisdirectedRequest, "", "%q is not the name of this host", r.Host).response())
		return
	}
	s.ServeHTTP(w, r)
}

// stopWith lets requests in flight finish for a moment, and then ends them.
func (s *Service) stopWith(ctx context.Context, server *http.Server) {
	select {
	case <-ctx.Done():
	case <-s.closing:
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if server.Shutdown(grace) != nil {
		_ = server.Close()
	}
}

// Close stops listening, waits for requests in flight and closes the file.
// Closing twice is allowed.
func (s *Service) Close() error {
	s.once.Do(func() { close(s.closing) })
	s.serving.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	err := s.file.close()
	s.file = nil
	s.db = newDatabase()
	return err
}

// closed says whether Close was called.
func (s *Service) closed() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// newID makes the id of a resource, in the dialect's shape.
func (s *Service) newID(k kind) string {
	id := s.options.NewID()
	if !s.dialect.Quirks.Base64IDs {
		return id
	}
	text := k.String() + ":" + id
	for len(text)%3 == 0 {
		text += "." // so that there is padding to trip over
	}
	return base64.StdEncoding.EncodeToString([]byte(text))
}
