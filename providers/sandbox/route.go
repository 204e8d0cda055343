package sandbox

import (
	"net/http"
	"strings"
)

// route finds the handler of a request.
func (s *Service) route(r *request) (*response, *fail) {
	if len(r.path) == 0 {
		return s.allCollection(r)
	}
	switch r.path[0] {
	case "Users", "Groups":
		k, _ := kindAt(r.path[0])
		return s.routeKind(k, r)
	case ".search":
		return s.routeSearch(nil, r)
	case "ServiceProviderConfig", "ResourceTypes", "Schemas":
		return s.discovery(r)
	case "Bulk":
		return nil, notImplemented("Bulk is not supported")
	case "Me":
		return nil, notImplemented("/Me is not supported: the token stands for a client, not for a user")
	}
	return nil, notFound("there is no endpoint /%s", strings.Join(r.path, "/"))
}

func (s *Service) allCollection(r *request) (*response, *fail) {
	if r.method != http.MethodGet {
		return nil, notAllowed(r, http.MethodGet)
	}
	return s.list(nil, r)
}

func (s *Service) routeKind(k kind, r *request) (*response, *fail) {
	switch {
	case len(r.path) > 2:
		return nil, notFound("there is no endpoint /%s", strings.Join(r.path, "/"))
	case len(r.path) == 2 && r.path[1] == ".search":
		return s.routeSearch(&k, r)
	case len(r.path) == 2:
		return s.routeResource(k, r.path[1], r)
	}
	switch r.method {
	case http.MethodGet, http.MethodHead:
		return s.list(&k, r)
	case http.MethodPost:
		return s.create(k, r)
	}
	return nil, notAllowed(r, http.MethodGet, http.MethodPost)
}

func (s *Service) routeSearch(k *kind, r *request) (*response, *fail) {
	if s.dialect.Quirks.NoSearch {
		return nil, notImplemented("/.search is not supported")
	}
	if r.method != http.MethodPost {
		return nil, notAllowed(r, http.MethodPost)
	}
	return s.search(k, r)
}

func (s *Service) routeResource(k kind, id string, r *request) (*response, *fail) {
	switch r.method {
	case http.MethodGet, http.MethodHead:
		return s.read(k, id, r)
	case http.MethodPut:
		return s.replace(k, id, r)
	case http.MethodPatch:
		return s.modify(k, id, r)
	case http.MethodDelete:
		return s.remove(k, id, r)
	}
	return nil, notAllowed(r, http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete)
}

func notAllowed(r *request, allowed ...string) *fail {
	return failf(http.StatusMethodNotAllowed, "", "%s is not allowed here; %s is", r.method, strings.Join(allowed, ", "))
}
