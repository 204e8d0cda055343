// Package twingate is what is special about Twingate beyond its dialect: the
// address that follows from the network's name. Everything else is data in
// package scim, and the client is that package's own.
//
// Twingate ties sign-in to externalId, which is required and never rewritten,
// and its mapping is locked. Start at [New].
package twingate

import (
	"fmt"
	"regexp"

	"github.com/rollcall-dev/rollcall/providers/scim"
)

// network is the form of a host name's label.
var network = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// BaseURL returns where the network called name answers, or an error if name
// cannot be one: it becomes part of the host that the token is sent to.
func BaseURL(name string) (string, error) {
	if !network.MatchString(name) {
		return "", fmt.Errorf("twingate network %q: a network is the first part of its address, lower-case letters, digits and dashes, as acme in acme.twingate.com", name)
	}
	return "https://" + name + ".twingate.com/api/scim/v2", nil
}

// New returns a target that speaks Twingate's dialect, whatever dialect c names.
func New(c scim.Config) (*scim.Target, error) {
	c.Target.Dialect = "twingate"
	return scim.New(c)
}
