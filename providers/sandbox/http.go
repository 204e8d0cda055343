package sandbox

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxBody is the largest body that is read: enough for a PUT of a group of
// 100,000 members.
const maxBody = 16 << 20

// request is what the handlers see of an HTTP request.
type request struct {
	method string
	path   []string // segments below the base path, decoded
	query  url.Values
	header http.Header
	body   []byte
	base   string // URL of the service, for locations
}

// response is built whole before a byte is sent, so that faults can bend it.
type response struct {
	status int
	header http.Header
	body   []byte
}

func jsonResponse(status int, v any) *response { return &response{status: status, body: encode(v)} }

func (r *response) set(name, value string) *response {
	if r.header == nil {
		r.header = http.Header{}
	}
	r.header.Set(name, value)
	return r
}

// ServeHTTP answers SCIM requests under BasePath, and the admin endpoints where
// they are switched on.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.closed() {
		s.send(w, failf(http.StatusServiceUnavailable, "", "the sandbox is closed").response())
		return
	}
	if s.options.Admin && strings.HasPrefix(r.URL.Path, adminPath) {
		s.send(w, s.admin(w, r))
		return
	}
	segments, ok := segmentsOf(r.URL)
	if !ok {
		s.send(w, notFound("there is nothing here; the service is at %s", BasePath).response())
		return
	}
	endpoint := Endpoint{Method: r.Method, Path: classOf(segments)}
	s.requests.add(endpoint)
	id := s.nextID()
	w.Header().Set(requestIDHeader, id)
	x := &exchange{service: s, w: w, r: r, segments: segments, faults: s.faults.strike(r.Method, segments)}
	status := x.run()
	if s.options.Log != nil {
		s.options.Log(Exchange{
			At: s.options.Clock(), ID: id, Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery,
			Status: status, Fault: strings.Join(x.faults.texts, "; "),
		})
	}
}

// requestIDHeader names the request in its answer, as services do.
const requestIDHeader = "X-Request-Id"

// nextID names a request by how many arrived since the service was opened, so that
// whoever sends one after the other gets the same names each time.
func (s *Service) nextID() string { return fmt.Sprintf("sandbox-%d", s.arrived.Add(1)) }

// segmentsOf cuts the path below BasePath. Ids may hold an escaped slash.
func segmentsOf(u *url.URL) ([]string, bool) {
	rest, ok := strings.CutPrefix(u.EscapedPath(), BasePath)
	if !ok || rest != "" && rest[0] != '/' {
		return nil, false
	}
	rest = strings.Trim(rest, "/")
	if rest == "" {
		return nil, true
	}
	segments := strings.Split(rest, "/")
	for i, s := range segments {
		var err error
		if segments[i], err = url.PathUnescape(s); err != nil {
			return nil, false
		}
	}
	return segments, true
}

// endpoints are the first segments that mean something.
var endpoints = []string{"Users", "Groups", ".search", "ServiceProviderConfig", "ResourceTypes", "Schemas", "Bulk", "Me"}

// classOf is the path with ids as "*", so that requests can be counted by it.
// Paths that nothing serves are one class.
func classOf(segments []string) string {
	if len(segments) > 0 && !slices.Contains(endpoints, segments[0]) {
		return "/?"
	}
	out := ""
	for i, s := range segments {
		if i > 0 && s != ".search" {
			s = "*"
		}
		out += "/" + s
	}
	if out == "" {
		return "/"
	}
	return out
}

// send writes a response whole.
func (s *Service) send(w http.ResponseWriter, r *response) {
	sendHead(w, r)
	_, _ = w.Write(r.body) // a client that went away is no matter
}

// sendHead writes the status and the headers of a response.
func sendHead(w http.ResponseWriter, r *response) {
	h := w.Header()
	for name, values := range r.header {
		h[name] = values
	}
	if len(r.body) > 0 && h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/scim+json; charset=utf-8")
	}
	if r.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="sandbox"`)
	}
	if r.status != http.StatusNoContent && r.status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(r.body)))
	}
	w.WriteHeader(r.status)
}

// authorized compares in constant time.
func (s *Service) authorized(h http.Header) bool {
	if s.options.Token == "" {
		return true
	}
	scheme, token, _ := strings.Cut(h.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare([]byte(token), []byte(s.options.Token)) == 1
}

// answer carries a request out.
func (s *Service) answer(w http.ResponseWriter, r *http.Request, segments []string) *response {
	if !s.authorized(r.Header) {
		return failf(http.StatusUnauthorized, "", "the request carries no valid bearer token").response()
	}
	body, err := readBody(w, r)
	if err != nil {
		return err.response()
	}
	query, bad := url.ParseQuery(r.URL.RawQuery)
	if bad != nil {
		return badRequest(invalidValue, "the query cannot be read: %v", bad).response()
	}
	base := "http://" + r.Host + BasePath
	if r.TLS != nil {
		base = "https://" + r.Host + BasePath
	}
	out, err := s.route(&request{method: r.Method, path: segments, query: query, header: r.Header, body: body, base: base})
	if err != nil {
		return err.response()
	}
	return out
}

// readBody reads the body of a request that has one, and holds it to be JSON.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *fail) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, failf(http.StatusRequestEntityTooLarge, "", "the body is larger than %d bytes", maxBody)
	case err != nil:
		return nil, badRequest(invalidSyntax, "the body cannot be read: %v", err)
	case len(body) == 0 || r.Method == http.MethodGet || r.Method == http.MethodDelete:
		return nil, nil
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/scim+json" && media != "application/json" {
		return nil, failf(http.StatusUnsupportedMediaType, "", "the Content-Type is %q; application/scim+json is understood", r.Header.Get("Content-Type"))
	}
	return body, nil
}

// parse reads the body as a JSON object and nothing behind it.
func (r *request) parse() (object, *fail) {
	if len(r.body) == 0 {
		return nil, badRequest(invalidSyntax, "%s needs a body", r.method)
	}
	if !utf8.Valid(r.body) {
		return nil, badRequest(invalidSyntax, "the body is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(r.body))
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, badRequest(invalidSyntax, "the body is not JSON: %v", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, badRequest(invalidSyntax, "the body goes on after its JSON object")
	}
	o, ok := v.(object)
	if !ok {
		return nil, badRequest(invalidSyntax, "the body must be a JSON object, and is %s", jsonType(v))
	}
	return o, nil
}
