package statestore

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/schema"
)

// PostgresOptions say where in PostgreSQL a state is kept.
type PostgresOptions struct {
	RemoteOptions
	// URL is the connection URL, with the password where there is one. It appears
	// in no error.
	URL string
	// Name tells several states in one database apart; "default" if empty.
	Name string
}

// NewPostgres returns the store in a PostgreSQL database. It opens no connection.
// The connection is encrypted and the server's certificate verified, unless the
// server is on this machine.
func NewPostgres(o PostgresOptions) (*Remote, error) {
	config, err := parsePostgres(o.URL)
	if err != nil {
		return nil, err
	}
	for _, at := range addresses(config) {
		if strings.HasPrefix(at.host, "/") {
			continue
		}
		if err := providers.CheckAllowed(net.JoinHostPort(at.host, strconv.Itoa(int(at.port))), o.AllowedHosts); err != nil {
			return nil, err
		}
	}
	// Statements are not kept on the server: behind PgBouncer the next one may
	// go to another.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	if o.Name == "" {
		o.Name = "default"
	}
	return newRemote(&postgres{config: config, name: o.Name, redact: redactor(config.Password)}, o.RemoteOptions), nil
}

// redactor takes a password out of text, as it is and as it stands in a URL.
func redactor(password string) *strings.Replacer {
	if password == "" {
		return strings.NewReplacer()
	}
	const gone = "(redacted)"
	return strings.NewReplacer(password, gone, url.QueryEscape(password), gone, url.PathEscape(password), gone)
}

// parsePostgres reads a connection URL. What the driver says about a wrong one
// may repeat it, and is left out.
func parsePostgres(address string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, errors.New("the url is no connection URL of PostgreSQL: it is written postgres://USER:PASSWORD@HOST:5432/DATABASE, " +
			"with what is no letter or digit in user and password percent-encoded, and options such as ?sslmode=verify-full&sslrootcert=FILE")
	}
	if weakest(config) == "" {
		return hardened(config), nil
	}
	if host := weakest(config); saysMode(address) {
		return nil, fmt.Errorf("the url allows a connection to %q that is not encrypted, or to a server that is not verified: "+
			"leave sslmode out, or set sslmode=verify-full; sslrootcert=FILE names the certificates to trust", host)
	}
	if config, err = pgx.ParseConfig(withVerification(address)); err != nil {
		return nil, errors.New("the url cannot be used with sslmode=verify-full: sslrootcert must name a file of certificates, if anything")
	}
	if host := weakest(config); host != "" {
		return nil, fmt.Errorf("the environment (PGSSLMODE, or a service file) allows a connection to %q that is not verified: set sslmode=verify-full", host)
	}
	return hardened(config), nil
}

// address is one of the places that a connection is tried at.
type address struct {
	host string
	port uint16
	tls  *tls.Config
}

func addresses(c *pgx.ConnConfig) []address {
	all := []address{{c.Host, c.Port, c.TLSConfig}}
	for _, f := range c.Fallbacks {
		all = append(all, address{f.Host, f.Port, f.TLSConfig})
	}
	return all
}

// weakest returns a host that could be spoken to without knowing that it is the
// one, if there is any.
func weakest(c *pgx.ConnConfig) string {
	for _, at := range addresses(c) {
		local := strings.HasPrefix(at.host, "/") || schema.IsLoopback(at.host)
		if !local && (at.tls == nil || at.tls.InsecureSkipVerify) {
			return at.host
		}
	}
	return ""
}

func hardened(c *pgx.ConnConfig) *pgx.ConnConfig {
	for _, at := range addresses(c) {
		if at.tls != nil {
			at.tls.MinVersion = tls.VersionTLS12
		}
	}
	return c
}

// saysMode reports whether a connection URL, or a list of words, sets sslmode.
func saysMode(address string) bool { return strings.Contains(address, "sslmode") }

// withVerification asks for a verified server in a URL, or a list of words.
func withVerification(address string) string {
	const verify = "sslmode=verify-full"
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql":
		return address + " " + verify
	case u.RawQuery != "":
		u.RawQuery += "&"
	}
	u.RawQuery += verify
	return u.String()
}
