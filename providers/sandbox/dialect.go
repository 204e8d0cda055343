package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Dialect is how one vendor's service behaves, as quirks.
type Dialect struct {
	// Name is what ParseDialect knows it by.
	Name string
	// Summary is one line for people.
	Summary string
	// Source says where the behaviour is documented, and when that was read.
	Source string
	Quirks Quirks
}

// rfc is where every dialect starts.
func rfc() Quirks {
	return Quirks{DefaultCount: 100, MaxCount: 1000, MissingMember: http.StatusBadRequest, Unknown: unknownRefuse}
}

func with(change func(*Quirks)) Quirks {
	q := rfc()
	change(&q)
	return q
}

// dialects are in the order in which they are shown.
var dialects = []Dialect{
	{
		Name: "scim", Summary: "SCIM 2.0 to the letter",
		Source: "RFC 7643, RFC 7644, RFC 9865; read 2026-11-23",
		Quirks: rfc(),
	},
	{
		// The reference documents startIndex and count, PATCH and PUT, rules out
		// Bulk, /.search, /Me, sorting and projection, and announces the
		// ServiceProviderConfig for later. Which attributes are kept is in
		// Microsoft's gallery table.
		Name: "twingate", Summary: "Twingate: externalId required, no discovery, one e-mail",
		Source: "docs.twingate.com SCIM API reference; entra-docs twingate-provisioning-tutorial; read 2026-11-23",
		Quirks: with(func(q *Quirks) {
			q.MaxCount = 100
			q.NoDiscovery, q.NoProjection, q.NoSearch, q.NoSort, q.NoETag = true, true, true, true, true
			q.RequireExternalID, q.NoGroupExternalID = true, true
			q.OneEmail, q.Base64IDs = true, true
			q.MissingMember = http.StatusNotFound
			q.Unknown = unknownIgnore
		}),
	},
	{
		// The developer guide returns members: [] on every read and gives filters
		// over groups.value and members.value instead; pages by cursor with a
		// count of 1 to 100; takes 100 members a request, one value of each
		// multi-valued attribute, and no replace of members.
		Name: "aws", Summary: "AWS IAM Identity Center: members cannot be read, pages by cursor",
		Source: "AWS IAM Identity Center SCIM developer guide; read 2026-11-23",
		Quirks: with(func(q *Quirks) {
			q.MaxCount, q.MaxMembers, q.MaxOperations = 100, 100, 100
			q.CursorOnly, q.LyingTotal, q.HideMembers, q.EqualOnly, q.NoProjection = true, true, true, true, true
			q.NoReplaceMembers, q.OneAttributePatch, q.NoGroupPut = true, true, true
			q.RequireNames, q.OneOfEach, q.UniqueGroupNames = true, true, true
			q.NoSearch, q.NoSort, q.NoETag = true, true, true
			q.MissingMember = http.StatusNotFound
		}),
	},
	{
		// PATCH is optional, and Okta's wizard-made apps speak PUT alone, so that
		// services exist which were never asked for more.
		Name: "put-only", Summary: "a service without PATCH",
		Source: "RFC 7644, section 3.5.2 makes PATCH optional; Okta SCIM 2.0 guide (wizard apps use PUT); read 2026-11-23",
		Quirks: with(func(q *Quirks) { q.NoPatch = true }),
	},
	{
		// FusionAuth issue 2784: members above 100 were lost from reads.
		Name: "capped", Summary: "a service that returns at most 100 members",
		Source: "FusionAuth/fusionauth-issues 2784; read 2026-11-23",
		Quirks: with(func(q *Quirks) { q.TruncateMembers = 100 }),
	},
}

// Dialects lists the dialects, the strict one first.
func Dialects() []Dialect {
	out := slices.Clone(dialects)
	for i := range out {
		out[i].Quirks.RejectMembers = maps.Clone(out[i].Quirks.RejectMembers)
	}
	return out
}

// QuirkHelp lists the quirks that ParseDialect knows as pairs of usage and
// explanation.
func QuirkHelp() [][2]string {
	out := make([][2]string, len(switches))
	for i, s := range switches {
		out[i] = [2]string{s.usage(), s.help}
	}
	return out
}

func (s switchQuirk) usage() string {
	if s.value == "" {
		return s.name
	}
	return s.name + "=" + s.value
}

// ParseDialect reads a dialect: its name, then quirks to add, separated by
// commas, as in "twingate,page-cap=10,lying-total". The name may be left out,
// and is "scim" then.
func ParseDialect(text string) (Dialect, error) {
	d := dialects[0]
	parts := strings.Split(text, ",")
	first := strings.TrimSpace(parts[0])
	if i := slices.IndexFunc(dialects, func(d Dialect) bool { return d.Name == first }); i >= 0 {
		d, parts = dialects[i], parts[1:]
	} else if first == "" {
		parts = parts[1:]
	}
	d.Quirks.RejectMembers = maps.Clone(d.Quirks.RejectMembers)
	for _, part := range parts {
		if err := d.Quirks.enable(strings.TrimSpace(part)); err != nil {
			return Dialect{}, fmt.Errorf("parse dialect %q: %w", text, err)
		}
	}
	return d, nil
}

// enable switches one quirk on.
func (q *Quirks) enable(text string) error {
	name, value, given := strings.Cut(text, "=")
	i := slices.IndexFunc(switches, func(s switchQuirk) bool { return s.name == name })
	switch {
	case i < 0:
		return fmt.Errorf("%q is neither a dialect (%s) nor a quirk (%s)", name, dialectNames(), quirkNames())
	case given != (switches[i].value != ""):
		return fmt.Errorf("%q should be %q", text, switches[i].usage())
	}
	return switches[i].set(q, value)
}

func dialectNames() string {
	names := make([]string, len(dialects))
	for i, d := range dialects {
		names[i] = d.Name
	}
	return strings.Join(names, ", ")
}

func quirkNames() string {
	names := make([]string, len(switches))
	for i, s := range switches {
		names[i] = s.name
	}
	return strings.Join(names, ", ")
}
