package sandbox

import (
	"net/http"
	"strings"
)

// discovery answers the three endpoints of RFC 7644, section 4.
func (s *Service) discovery(r *request) (*response, *fail) {
	if s.dialect.Quirks.NoDiscovery {
		return nil, notFound("there is no endpoint /%s", r.path[0])
	}
	if r.method != http.MethodGet {
		return nil, notAllowed(r, http.MethodGet)
	}
	if r.query.Has("filter") {
		return nil, failf(http.StatusForbidden, "", "discovery endpoints cannot be filtered")
	}
	var documents []object
	switch r.path[0] {
	case "ServiceProviderConfig":
		if len(r.path) > 1 {
			return nil, notFound("there is no endpoint /%s", strings.Join(r.path, "/"))
		}
		return jsonResponse(http.StatusOK, s.config(r.base)), nil
	case "ResourceTypes":
		documents = resourceTypeDocuments(r.base)
	default:
		documents = schemaDocuments(r.base)
	}
	if len(r.path) == 1 {
		return jsonResponse(http.StatusOK, object{
			"schemas": []string{urnList}, "totalResults": len(documents), "startIndex": 1,
			"itemsPerPage": len(documents), "Resources": documents,
		}), nil
	}
	for _, d := range documents {
		if len(r.path) == 2 && strings.EqualFold(d["id"].(string), r.path[1]) {
			return jsonResponse(http.StatusOK, d), nil
		}
	}
	return nil, notFound("there is no %q", strings.Join(r.path[1:], "/"))
}

// config is the ServiceProviderConfig (RFC 7643, section 5, and RFC 9865).
func (s *Service) config(base string) object {
	q := &s.dialect.Quirks
	supported := func(yes bool) object { return object{"supported": yes} }
	method := "index"
	if q.CursorOnly {
		method = "cursor"
	}
	return object{
		"schemas":        []string{urnConfig},
		"patch":          supported(!q.NoPatch),
		"bulk":           object{"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
		"filter":         object{"supported": !q.IgnoreFilter, "maxResults": q.MaxCount},
		"changePassword": supported(false),
		"sort":           supported(!q.NoSort),
		"etag":           supported(!q.NoETag),
		"pagination": object{
			"cursor": true, "index": !q.CursorOnly, "defaultPaginationMethod": method,
			"defaultPageSize": q.DefaultCount, "maxPageSize": q.MaxCount,
		},
		"authenticationSchemes": []object{{
			"type": "oauthbearertoken", "name": "Bearer token", "primary": true,
			"description": "A token in the Authorization header.",
			"specUri":     "https://www.rfc-editor.org/info/rfc6750",
		}},
		"meta": object{"resourceType": "ServiceProviderConfig", "location": base + "/ServiceProviderConfig"},
	}
}

func resourceTypeDocuments(base string) []object {
	var out []object
	for k := range kindCount {
		t := k.spec()
		d := object{
			"schemas": []string{urnResourceType}, "id": t.name, "name": t.name, "endpoint": t.endpoint,
			"description": t.description, "schema": t.urn,
			"meta": object{"resourceType": "ResourceType", "location": base + "/ResourceTypes/" + t.name},
		}
		var extensions []object
		for _, ext := range t.extensions {
			extensions = append(extensions, object{"schema": ext.name, "required": false})
		}
		if extensions != nil {
			d["schemaExtensions"] = extensions
		}
		out = append(out, d)
	}
	return out
}

func schemaDocuments(base string) []object {
	var out []object
	for k := range kindCount {
		t := k.spec()
		out = append(out, schemaDocument(base, t.urn, t.name, t.description, t.attrs))
		for _, ext := range t.extensions {
			out = append(out, schemaDocument(base, ext.name, "EnterpriseUser", ext.description, ext.sub))
		}
	}
	return out
}

func schemaDocument(base, urn, name, description string, attrs []*attribute) object {
	return object{
		"schemas": []string{urnSchema}, "id": urn, "name": name, "description": description,
		"attributes": describe(attrs),
		"meta":       object{"resourceType": "Schema", "location": base + "/Schemas/" + urn},
	}
}

// describe renders definitions with their defaults spelled out.
func describe(attrs []*attribute) []object {
	out := make([]object, len(attrs))
	for i, a := range attrs {
		o := object{
			"name": a.name, "type": string(a.kind), "description": a.description,
			"multiValued": a.multi, "required": a.required,
			"mutability": orDefault(a.mutability, "readWrite"), "returned": orDefault(a.returned, "default"),
		}
		if a.kind != typeComplex {
			o["uniqueness"] = orDefault(a.uniqueness, "none")
		}
		if a.kind == typeString || a.kind == typeReference || a.kind == typeBinary {
			o["caseExact"] = a.caseExact
		}
		if a.canonical != nil {
			o["canonicalValues"] = a.canonical
		}
		if a.references != nil {
			o["referenceTypes"] = a.references
		}
		if a.sub != nil {
			o["subAttributes"] = describe(a.sub)
		}
		out[i] = o
	}
	return out
}

func orDefault(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
