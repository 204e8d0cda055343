// Package scim is a client of SCIM 2.0 services (RFC 7643, RFC 7644) as they
// are: it reads a target whole or not at all, writes with the few PATCH shapes
// that work everywhere, and never repeats a create whose answer was lost
// without looking for the object first. It refuses redirects, answers that it
// cannot prove complete, and ids that could leave the base URL's path.
//
// What differs from service to service is data, a [Dialect], and every field
// of it can be overridden by a target's settings. Start at [New]; [DialectFor]
// answers what a target can do without a connection.
package scim
