package load

import (
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/rollcall-dev/rollcall/schema"
)

// target decodes one target.
func (it *item) target() schema.Target {
	t := schema.Target{Address: it.address, Dialect: it.block.Labels[0], Origin: it.origin()}
	switch t.Dialect {
	case "sandbox":
		t.Path, t.SandboxDialect = it.path("path"), it.textOrDefault("dialect")
		if it.attr("path") == nil {
			t.Path = it.textOrDefault("path")
		}
	case "twingate":
		t.BaseURL = it.twingateURL()
		t.Token = it.secret("token")
	default:
		t.BaseURL = it.endpoint("base_url")
		t.Token = it.secret("token")
	}
	for _, limits := range it.nested("limits") {
		t.Limits.Parallelism = limits.count("parallelism", 0)
		t.Limits.RequestsPerSecond, _ = limits.number("requests_per_second")
	}
	for _, timeouts := range it.nested("timeouts") {
		t.Timeouts = schema.Timeouts{Read: timeouts.duration("read", 0), Write: timeouts.duration("write", 0)}
	}
	t.Settings = it.settings()
	return t
}

// settings collects the dialect's fields that nested blocks override.
func (it *item) settings() []schema.Setting {
	var out []schema.Setting
	for _, spec := range it.spec.Blocks {
		if spec.Type == "timeouts" {
			continue
		}
		for _, nested := range it.nested(spec.Type) {
			for _, arg := range spec.Arguments {
				if s, ok := nested.setting(arg); ok {
					out = append(out, s)
				}
			}
		}
	}
	return out
}

// setting decodes one field of a dialect; a list becomes a text with commas.
func (it *item) setting(arg ArgumentSpec) (schema.Setting, bool) {
	s := schema.Setting{Block: it.spec.Type, Name: arg.Name, Origin: it.at(arg.Name)}
	if it.spec.Type == "limits" && (arg.Name == "parallelism" || arg.Name == "requests_per_second") || it.attr(arg.Name) == nil {
		return s, false
	}
	switch {
	case arg.Type == typeNumber:
		n, ok := it.number(arg.Name)
		s.Value = n
		return s, ok
	case arg.Type == typeBool:
		v, ok := it.converted(arg.Name, cty.Bool)
		s.Value, _ = plainBool(v)
		return s, ok
	case arg.Type == typeDuration:
		s.Value = it.duration(arg.Name, 0).String()
		return s, true
	case arg.Type == typeStrings:
		texts := it.texts(arg.Name)
		s.Value = strings.Join(texts, ",")
		return s, len(texts) > 0
	}
	s.Value = it.choice(arg.Name)
	return s, s.Value != ""
}

// endpoint decodes a URL that requests will be sent to.
func (it *item) endpoint(name string) string {
	text, ok := it.said(name)
	if !ok {
		return ""
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		it.invalid(name, "The argument %q is a URL like https://example.com/scim/v2.", name)
	case u.User != nil:
		it.invalid(name, "A URL with a password in it would be shown in plans. Give the credential as token.")
	case u.RawQuery != "" || u.Fragment != "":
		it.invalid(name, "The argument %q is a URL without ? and #; paths are added behind it.", name)
	case u.Scheme == "http" && !schema.IsLoopback(u.Hostname()):
		it.l.add(finding(codeInsecure, it.at(name), "Endpoint is not encrypted",
			fmt.Sprintf("A token sent to %s could be read on its way. Use https; http is only for loopback addresses.", u.Host)))
	}
	return text
}

// twingateURL is the service's URL, by the network's name or as it is given. A
// null counts as not given, so that a variable can stand for either.
func (it *item) twingateURL() string {
	if _, given := it.said("base_url"); given {
		return it.endpoint("base_url")
	}
	network, named := it.said("network")
	switch {
	case !named:
		it.l.add(finding(codeConflicting, it.origin(), "Target has no address",
			"A target \"twingate\" needs network, the first part of the network's host, or base_url, which wins where both are given."))
		return ""
	case !isHostLabel(network):
		it.invalid("network", "A network's name is the part before .twingate.com: letters, digits and dashes.")
		return ""
	}
	return "https://" + network + ".twingate.com/api/scim/v2"
}

// isHostLabel keeps what names a network from naming another host.
func isHostLabel(s string) bool {
	return s != "" && len(s) <= 63 && !strings.HasPrefix(s, "-") && !strings.HasSuffix(s, "-") &&
		!strings.ContainsFunc(s, func(r rune) bool {
			return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		})
}

// path decodes a file's path under the root; it may not lead out.
func (it *item) path(name string) string {
	text, ok := it.said(name)
	if !ok {
		return ""
	}
	clean, ok := insideRoot(text)
	if !ok {
		it.invalid(name, "The argument %q is a path under the root of the configuration, with slashes and without a leading one.", name)
	}
	return clean
}

// insideRoot cleans a path and reports whether it stays under the root.
func insideRoot(text string) (string, bool) {
	clean := path.Clean(text)
	if text == "" || path.IsAbs(text) || strings.ContainsAny(text, "\\\x00") || clean == "." || clean == ".." || strings.HasPrefix(clean, "../") {
		return "", false
	}
	return clean, true
}

// settingsBlock decodes the rollcall block.
func (it *item) rollcall() schema.Settings {
	s := schema.Settings{RequiredVersion: it.text("required_version"), Origin: it.origin()}
	if s.RequiredVersion != "" {
		it.checkVersion(s.RequiredVersion)
	}
	for _, state := range it.nested("state") {
		state.scope.env = true
		s.State = state.stateStore()
	}
	for _, encryption := range it.nested("encryption") {
		encryption.scope.env = true
		s.Encryption = encryption.encryption()
	}
	return s
}

func (it *item) stateStore() schema.StateStore {
	s := schema.StateStore{Kind: it.block.Labels[0], Origin: it.origin()}
	if s.Kind == "file" {
		s.Path = it.path("path")
		return s
	}
	s.Arguments = map[string]string{}
	for _, arg := range it.spec.Arguments {
		if it.attr(arg.Name) == nil {
			continue
		}
		if arg.Type == typeSecret {
			if s.Secrets == nil {
				s.Secrets = map[string]*schema.Secret{}
			}
			s.Secrets[arg.Name] = it.secret(arg.Name)
			continue
		}
		if text, ok := it.said(arg.Name); ok {
			s.Arguments[arg.Name] = text
		}
	}
	return s
}

func (it *item) moved() schema.Moved {
	m := schema.Moved{From: it.anyAddress("from"), To: it.anyAddress("to"), Origin: it.origin()}
	if m.From != "" && m.To != "" && m.From.Type() != m.To.Type() {
		it.invalid("to", "A block cannot become one of another type: from is a %s, to is a %s.", m.From.Type(), m.To.Type())
	}
	return m
}

func (it *item) adopt() schema.Adopt {
	app, _ := it.one("app", "app")
	to, _ := it.one("to", "user", "group")
	if id, said := it.said("id"); said && strings.TrimSpace(id) == "" {
		it.invalid("id", "An object's id cannot be empty.")
	}
	return schema.Adopt{App: app.ref.address, To: to.ref.full(), ID: it.text("id"), Origin: it.origin()}
}

func (it *item) removed() schema.Removed {
	return schema.Removed{From: it.anyAddress("from"), OnRemove: it.choice("on_remove"), Origin: it.origin()}
}
