package scim

import (
	"slices"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
)

const (
	standardName  = "scim"
	sandboxName   = "sandbox"
	sandboxSettle = time.Second
	seen          = "2026-11-23"
)

// Dialects returns all dialects, sorted by name. The caller may change them.
func Dialects() []Dialect {
	all := []Dialect{
		standard(), twingate(), aws(), slack(), github(), okta(), sentry(), atlassian(), hcpTerraform(),
		sandbox(), putOnly(), capped(),
	}
	slices.SortFunc(all, func(a, b Dialect) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// DialectByName returns the dialect called name.
func DialectByName(name string) (Dialect, bool) {
	all := Dialects()
	i := slices.IndexFunc(all, func(d Dialect) bool { return d.Name == name })
	if i < 0 {
		return Dialect{}, false
	}
	return all[i], true
}

// standard is what a service that follows the RFCs can be asked for, within the
// limits that hold for most of those that do not.
func standard() Dialect {
	return Dialect{
		Name:  standardName,
		Title: "any SCIM 2.0 service",
		Page:  Page{Method: PageAuto, Max: 100, VerifyEnd: true, Parallel: true},
		Lookup: Lookup{
			UserBy: []string{"externalId", "userName"}, GroupBy: []string{"externalId", "displayName"},
			Settle: 5 * time.Second,
		},
		Write: Write{
			User: MethodPatch, Group: MethodPatch, MemberRemove: RemoveByPath, CreateWithMembers: true,
			ContentType: "application/scim+json", MembersPerRequest: defaultBatchSize, OperationsPerRequest: defaultBatchSize,
			GroupExternalID: true, GroupRename: true,
		},
		Members:     Members{Read: planner.MembersFull},
		Deprovision: Deprovision{Deactivate: Reversible, Delete: Permanent},
		Concurrency: 8,
		Discovery:   true,
		Deviations: []Deviation{
			{"page.max", "100 is what every service read so far accepts; above it some clamp and some refuse", "BerriAI/litellm#41444; AWS IAM Identity Center developer guide, ListUsers", seen},
			{"limits.members_per_request", "more than 100 changes in one request fail at AWS, HCP Terraform and Sentry", "AWS IAM Identity Center developer guide, PatchGroup; FusionAuth/fusionauth-issues#2784", seen},
		},
	}
}

// sandbox is the service inside rollcall, which keeps to the standard and can
// be trusted in what it says.
func sandbox() Dialect {
	d := standard()
	d.Name, d.Title = sandboxName, "the SCIM service inside rollcall"
	d.Page = Page{Method: PageIndex, Max: 1000, Parallel: true}
	d.Lookup.TrustEmpty = true
	d.Lookup.Settle = sandboxSettle
	d.Deviations = nil
	return d
}

// sandboxSpeaking is the dialect for a sandbox that was told to behave as text
// says: a dialect's name, and quirks after commas. With quirks nothing that it
// says can be trusted.
func sandboxSpeaking(text string) Dialect {
	name, quirks, _ := strings.Cut(text, ",")
	d, ok := DialectByName(strings.TrimSpace(name))
	if !ok {
		quirks = text
	}
	if !ok || d.Name == standardName {
		d = sandbox()
	}
	if quirks != "" {
		d.Lookup.TrustEmpty = false
		if d.Page.Method == PageIndex {
			d.Page = standard().Page
		}
	}
	d.Lookup.Settle = sandboxSettle
	// A vendor's published rate is the vendor's; on loopback nobody should wait for it.
	d.RequestsPerSecond = 0
	return d
}

// putOnly is for services without PATCH, which RFC 7644 leaves them free to be.
func putOnly() Dialect {
	d := standard()
	d.Name, d.Title = "put-only", "a service without PATCH"
	d.Write.User, d.Write.Group = MethodPut, MethodPut
	d.Deviations = []Deviation{
		{"write.user", "PATCH is optional", "RFC 7644 section 3.5.2", seen},
		{"write.group", "PATCH is optional", "RFC 7644 section 3.5.2", seen},
	}
	return d
}

// capped is for services that cut the members of large groups off.
func capped() Dialect {
	d := standard()
	d.Name, d.Title = "capped", "a service that returns at most 100 members"
	d.Members = Members{Read: planner.MembersCapped, Cap: 100}
	d.Deviations = []Deviation{{"members.read", "members above 100 are not returned", "FusionAuth/fusionauth-issues#2784", seen}}
	return d
}

// twingate is documented as not meant for self-serve use.
func twingate() Dialect {
	const docs = "twingate.com/docs/scim-provisioning-api"
	d := standard()
	d.Name, d.Title = "twingate", "Twingate"
	d.Discovery = false
	d.RequestsPerSecond = 25
	d.Lookup.GroupBy = []string{"displayName"}
	d.Write.GroupExternalID = false
	d.LockedMapping = []string{`emails[type eq "work"].value`, "name.familyName", "name.givenName"}
	d.RequireExternalID = true
	d.ReservedGroupNames = []string{"Everyone"}
	d.Deviations = []Deviation{
		{"discovery", "there is no ServiceProviderConfig", docs, seen},
		{"limits.requests_per_second", "25 requests a second an account", docs, seen},
		{"write.group_external_id", "groups have no externalId", docs, seen},
		{"write.group_names_unique", "two groups may have one displayName", docs, seen},
		{"attributes", "externalId is required, unique, and what sign-in is tied to; the mapping must not be changed", docs + "; Captain-P-Goldfish/scim-for-keycloak#126", seen},
		{"attributes", "the group Everyone belongs to the system", "docs.twingate.com/docs/groups", seen},
	}
	return d
}

func aws() Dialect {
	const docs = "docs.aws.amazon.com, IAM Identity Center SCIM developer guide"
	d := standard()
	d.Name, d.Title = "aws", "AWS IAM Identity Center"
	d.Required = []string{"displayName", "name.familyName", "name.givenName"}
	d.Page = Page{Method: PageCursor, Max: 100}
	d.Members = Members{Read: planner.MembersByFilter}
	d.Write.GroupNamesUnique = true
	d.Deviations = []Deviation{
		{"attributes", "givenName, familyName and displayName are required", docs + ", CreateUser", seen},
		{"page.method", "ListUsers pages by cursor and knows no startIndex", docs + ", ListUsers", seen},
		{"members.read", "members are never returned; Users can be filtered by groups.value", docs + ", ListGroups, ListUsers", seen},
		{"limits.members_per_request", "100 members in a create, 100 changes in a PATCH", docs + ", CreateGroup, PatchGroup", seen},
		{"write.member_remove", "members cannot be replaced or removed as a whole", docs + ", PatchGroup", seen},
	}
	return d
}

func slack() Dialect {
	d := standard()
	d.Name, d.Title = "slack", "Slack"
	d.Page.Max = 1000
	d.RequestsPerSecond = 3
	d.Deprovision.Delete = Deactivates
	d.Deviations = []Deviation{
		{"page.max", "pages hold 10 unless asked, 1000 at most", "api.slack.com/changelog/2019-06-have-scim-will-paginate", seen},
		{"limits.requests_per_second", "180 user writes a minute", "docs.slack.dev/reference/scim-api/rate-limits", seen},
		{"deprovision.delete", "DELETE deactivates the user", "docs.slack.dev/reference/scim-api/scim-api-2", seen},
	}
	return d
}

func github() Dialect {
	const docs = "docs.github.com/rest/enterprise-admin/scim"
	d := standard()
	d.Name, d.Title = "github", "GitHub Enterprise Managed Users"
	d.Concurrency = 1
	d.Deviations = []Deviation{
		{"deprovision.delete", "DELETE cannot be undone and takes keys and repositories along; active = false suspends", docs + "; github/docs, deprovisioning-and-reinstating-users", seen},
		{"concurrency", "one writer is expected; 1,000 users an hour, 1,000 added to a group an hour", "github/docs data/reusables/scim/emu-scim-rate-limit-details.md", seen},
	}
	return d
}

func okta() Dialect {
	d := standard()
	d.Name, d.Title = "okta", "services made for Okta as their client"
	d.Lookup.UserBy = []string{"userName", "externalId"}
	d.Lookup.GroupBy = []string{"displayName"}
	d.Write.User = MethodPut
	d.Discovery = false
	d.Deviations = []Deviation{
		{"lookup.user_by", "Okta looks users up by userName alone", "okta/okta-developer-docs, reference/scim/scim-20", seen},
		{"write.user", "apps made with the wizard write users by PUT", "okta/okta-developer-docs, reference/scim/scim-20", seen},
		{"discovery", "Okta does not ask for ServiceProviderConfig", "okta/okta-developer-docs, docs/concepts/scim/faqs", seen},
	}
	return d
}

func sentry() Dialect {
	const source = "getsentry/sentry src/sentry/core/endpoints/scim"
	d := standard()
	d.Name, d.Title = "sentry", "Sentry"
	d.Members = Members{Read: planner.MembersCapped, Cap: 10000}
	d.Write.CreateWithMembers = false
	d.Lookup.UserBy = []string{"userName"}
	d.Lookup.GroupBy = []string{"displayName"}
	d.Deprovision = Deprovision{Deactivate: Deletes, Delete: Permanent}
	d.Deviations = []Deviation{
		{"members.read", "at most 10,000 members are returned", source + "/teams.py", seen},
		{"write.create_with_members", "POST ignores members", source + "/teams.py", seen},
		{"lookup.user_by", "filters know userName, value and displayName, and are split at commas", source + "/utils.py", seen},
		{"deprovision.deactivate", "active = false deletes the member for good", source + "/members.py", seen},
	}
	return d
}

func atlassian() Dialect {
	const docs = "developer.atlassian.com/cloud/admin/user-provisioning/rest"
	d := standard()
	d.Name, d.Title = "atlassian", "Atlassian"
	d.Write.GroupRename = false
	d.Write.GroupNamesUnique = true
	d.Lookup.GroupBy = []string{"displayName"}
	d.Deprovision.Delete = Deactivates
	d.Deviations = []Deviation{
		{"write.group_rename", "groups cannot be renamed", docs, seen},
		{"deprovision.delete", "DELETE deactivates", docs, seen},
		{"lookup.user_by", "a single eq on userName or externalId", docs, seen},
	}
	return d
}

func hcpTerraform() Dialect {
	const docs = "hashicorp/web-unified-docs, cloud-docs/api-docs/scim"
	d := standard()
	d.Name, d.Title = "hcp-terraform", "HCP Terraform"
	d.Page.Max = 200
	d.RequestsPerSecond = 30
	d.Write.BodyBytes = 1 << 20
	d.Write.GroupNamesUnique = true
	d.ReservedGroupNames = []string{"owners", "sso"}
	d.Deviations = []Deviation{
		{"page.max", "100 by default, 200 at most", docs, seen},
		{"limits.requests_per_second", "30 requests a second", docs, seen},
		{"limits.body_bytes", "bodies over 1 MB are refused with 413", docs, seen},
		{"write.group_names_unique", "displayName is unique without case", docs + "/groups", seen},
		{"attributes", "the names owners and sso are reserved", docs + "/groups", seen},
	}
	return d
}
