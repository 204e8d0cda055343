package scim

import (
	"bytes"
	"encoding/json"
	"strings"
)

// equals is the one filter that all services understand. The value is escaped
// as a JSON string (RFC 7644 section 3.4.2.2).
func equals(attribute, value string) string { return attribute + " eq " + quote(value) }

func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	// Filters know no HTML: "<" must not become six characters.
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}
