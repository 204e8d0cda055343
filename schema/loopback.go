package schema

import (
	"net/netip"
	"strings"
)

// IsLoopback reports whether host, a name or an address without brackets and
// port, is this machine by its very text: nothing is looked up. It is the one
// exception from "no request without TLS", wherever that is checked.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Zone() == "" && addr.IsLoopback()
}
