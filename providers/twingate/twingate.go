// Package twingate is what is special about Twingate beyond its dialect, which
// is data in package scim: where its service is. The client is scim's own.
//
// Twingate ties sign-in to externalId, which is required and never rewritten,
// its mapping is locked, and the group Everyone belongs to it; the dialect
// refuses what would break any of these before a request is sent. Start at [New].
package twingate

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/rollcall-dev/rollcall/providers/scim"
)

const (
	domain = ".twingate.com"
	path   = "/api/scim/v2"
)

// New returns a target that speaks Twingate's dialect, whatever dialect c names.
// An address of Twingate's that is not the SCIM service's is an error: the
// address of the console answers too, with a page for people.
func New(c scim.Config) (*scim.Target, error) {
	c.Target.Dialect = "twingate"
	if err := checkAddress(c.Target.BaseURL); err != nil {
		return nil, fmt.Errorf("target %s: %w", c.Target.Address, err)
	}
	return scim.New(c)
}

// checkAddress leaves other hosts alone, such as a gateway or a service for
// tests, and what is no address to whoever parses it.
func checkAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil || !strings.HasSuffix(u.Hostname(), domain) || strings.TrimRight(u.Path, "/") == path {
		return nil
	}
	return fmt.Errorf("%q is not where Twingate's SCIM service is: it is at https://%s%s", u.Redacted(), u.Host, path)
}
