// Package sandbox is a SCIM 2.0 service in the process: something to try
// rollcall on, and something to break on purpose. It holds to RFC 7643 and 7644
// as they are written, keeps what it is told in one file that survives a crash,
// and turns into other vendors' services by dialects and into failing ones by
// faults, both of which are text, so that a command line can switch them on.
//
// It shares no type with the client in package scim: a mistake that both made
// would cancel out. It refuses to listen anywhere but on loopback.
//
// Start at Open, then ParseDialect and ParseFault.
package sandbox
