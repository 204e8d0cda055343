package cli

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"

	"github.com/rollcall-dev/rollcall/schema"
)

// The environment that rollcall reads. Secrets come from nowhere else.
const (
	envTokenPrefix  = "ROLLCALL_TOKEN_"
	envAllowedHosts = "ROLLCALL_ALLOWED_HOSTS"
	envDataDir      = "ROLLCALL_DATA_DIR"
	envLog          = "ROLLCALL_LOG"
	envLogFormat    = "ROLLCALL_LOG_FORMAT"
)

// tokenVariable names the environment variable that holds the token of host:
// dots become one underscore, dashes two, as Terraform does for its own. The
// port is left out, and whatever else no variable may hold becomes one
// underscore.
func tokenVariable(host string) string {
	name := strings.NewReplacer(".", "_", "-", "__").Replace(strings.ToLower(host))
	return envTokenPrefix + strings.Map(func(r rune) rune {
		if r == '_' || isDigitOrLetter(r) {
			return r
		}
		return '_'
	}, name)
}

func isDigitOrLetter(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

// bindable reports whether the host's variable can be no other host's: its
// labels are letters, digits and inner dashes, or it is an address. Otherwise
// my_.host.com would be given the token of my-host.com.
func bindable(host string) bool {
	if net.ParseIP(host) != nil {
		return true
	}
	for label := range strings.SplitSeq(host, ".") {
		outside := func(r rune) bool { return r != '-' && !isDigitOrLetter(r) }
		if label == "" || strings.Trim(label, "-") != label || strings.ContainsFunc(label, outside) {
			return false
		}
	}
	return true
}

// token finds the credential of host, which is bound to it by its variable's
// name. The error names the variable to set.
func (p *process) token(host string) (*schema.Secret, error) {
	if !bindable(host) {
		return nil, fmt.Errorf("no token is bound to the host %q: the name of a variable stands for letters, digits, dots and inner dashes alone (an international name is written in its xn-- form); give the target a token", host)
	}
	name := tokenVariable(host)
	if s := p.secret(name, "token"); s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("no token for the host %q: set %s, or %s_FILE to the path of a file that holds it", host, name, name)
}

// secret is what the variable called name holds, or the file that the variable
// with _FILE behind its name is the path of; nil where neither is set. What says
// in errors what it is.
func (p *process) secret(name, what string) *schema.Secret {
	if value := p.env(name); value != "" {
		return schema.NewSecret(func() (string, error) { return value, nil })
	}
	if path := p.env(name + "_FILE"); path != "" {
		return schema.NewSecret(func() (string, error) { return readSecret(name, what, path) })
	}
	return nil
}

// readSecret reads a secret's file. Its content appears in no error.
func readSecret(name, what, path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the %s that %s_FILE names: %w", what, name, err)
	}
	secret := strings.TrimSpace(string(content))
	if secret == "" {
		return "", fmt.Errorf("read the %s that %s_FILE names: %s is empty", what, name, path)
	}
	return secret, nil
}

// allowedHosts lists the only hosts that a target may be at; nil allows all.
func (p *process) allowedHosts() []string {
	list, ok := p.lookup(envAllowedHosts)
	if !ok {
		return nil
	}
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// logLevels are the values of ROLLCALL_LOG.
var logLevels = map[string]slog.Level{
	"trace": slog.LevelDebug - 4, "debug": slog.LevelDebug, "info": slog.LevelInfo,
	"warn": slog.LevelWarn, "error": slog.LevelError,
}

// logger returns the log that ROLLCALL_LOG and ROLLCALL_LOG_FORMAT ask for, on
// standard error; without them, one that drops everything.
func (p *process) logger() (*slog.Logger, error) {
	name, _ := p.lookup(envLog)
	if name == "" || strings.EqualFold(name, "off") {
		return slog.New(slog.DiscardHandler), nil
	}
	level, ok := logLevels[strings.ToLower(name)]
	if !ok {
		return nil, fmt.Errorf("%s is %q: use trace, debug, info, warn, error or off", envLog, name)
	}
	options := &slog.HandlerOptions{Level: level}
	switch format, _ := p.lookup(envLogFormat); strings.ToLower(format) {
	case "", "text":
		return slog.New(slog.NewTextHandler(p.stderr, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(p.stderr, options)), nil
	default:
		return nil, fmt.Errorf("%s is %q: use text or json", envLogFormat, format)
	}
}
