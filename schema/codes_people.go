package schema

// peopleCodes are about people, groups and rules.
var peopleCodes = [...]CodeDoc{
	{
		Code: "duplicate-login", Severity: Error, Title: "Two people have the same login",
		Text: `Logins are unique among all people, from blocks and directories together, and are compared without
			case, because targets do so. It would not be clear who gets the access. Remove one of the two, or
			correct its login; both places are shown.`,
		Bad: `
user "ann" { login = "ann@acme.com" }
user "annie" { login = "Ann@acme.com" }`,
		Good: `user "ann" { login = "ann@acme.com" }`,
	},
	{
		Code: "malformed-data", Severity: Error, Title: "A data file is not what its format asks for",
		Text: `A file of a directory has a row with too few or too many fields, a quote that is never closed, text that
			is not UTF-8, or JSON or YAML that is not valid. Nothing is read from such a file: whoever stands behind
			the mistake would look removed. The place is shown; mend the file there, or export it again.`,
	},
	{
		Code: "missing-column", Severity: Error, Title: "A data file lacks a column",
		Text: `Every person of a directory needs a login, and the file has no column of that name; or the argument
			columns renames one that is not there. Name the column login in the file, or say with columns which one
			it is.`,
		Bad: `
directory "file" "hr" {
  path = "people.csv" # e-mail,first_name
}`,
		Good: `
directory "file" "hr" {
  path    = "people.csv" # e-mail,first_name
  columns = { "e-mail" = "login" }
}`,
	},
	{
		Code: "duplicate-external-id", Severity: Error, Title: "Two people have the same external id",
		Text: `The id of a person is what ties them to their account for ever, and two people share one. This also
			happens when a login is used again by a new person who has no id of their own: they would inherit the
			account of the one who left. Give each person a stable id of their own.`,
		Bad: `
user "ann" {
  login = "ann@acme.com"
  id    = "1001"
}

user "ben" {
  login = "ben@acme.com"
  id    = "1001"
}`,
		Good: `
user "ann" {
  login = "ann@acme.com"
  id    = "1001"
}

user "ben" {
  login = "ben@acme.com"
  id    = "1002"
}`,
	},
	{
		Code: "duplicate-group-name", Severity: Error, Title: "Two groups have the same name at one target",
		Text: `Two groups would have names that differ at most in case at the same target. Many targets refuse that,
			and where they do not, nobody can tell the groups apart. Rename one of them, or pin another name with
			target_name.`,
		Bad: `
group "vpn" {
  name    = "VPN"
  members = [user.alice]
}

group "contractors" {
  name    = "vpn"
  members = [user.bob]
}

push_group "vpn" {
  app   = app.x
  group = group.vpn
}

push_group "contractors" {
  app   = app.x
  group = group.contractors
}`,
		Good: `
group "vpn" {
  name    = "VPN"
  members = [user.alice]
}

group "contractors" {
  name    = "vpn"
  members = [user.bob]
}

push_group "vpn" {
  app   = app.x
  group = group.vpn
}

push_group "contractors" {
  app         = app.x
  group       = group.contractors
  target_name = "VPN contractors"
}`,
	},
	{
		Code: "group-cycle", Severity: Error, Title: "Groups include each other in a circle",
		Text: `A group includes itself, by way of include_groups of other groups. The detail names each edge with its
			file and line. Take one of them out.`,
		Bad: `
group "a" { include_groups = [group.b] }
group "b" { include_groups = [group.a] }`,
		Good: `
group "a" { include_groups = [group.b] }
group "b" { members = [user.bob] }`,
	},
	{
		Code: "rule-cycle", Severity: Error, Title: "Rules read each other's groups in a circle",
		Text: `A rule's condition asks with member_of about a group whose own rules ask, directly or by way of others,
			about the first one. There is no order in which they could be evaluated. The detail names each edge;
			take one out.`,
		Bad: `
group "a" {
  rule { condition = member_of(group.b) }
}

group "b" {
  rule { condition = member_of(group.a) }
}`,
		Good: `
group "a" {
  rule { condition = member_of(group.b) }
}

group "b" {
  rule { condition = principal.department == "eng" }
}`,
	},
	{
		Code: "group-without-members", Severity: Error, Title: "A group does not say who is in it",
		Text: `The block has none of members, include_groups, rule and from. Leaving an argument out never means
			"nobody" in this language, because a line lost in a merge would then empty the group. Say
			members = [] if nobody is meant.`,
		Bad:  `group "empty" { name = "Empty" }`,
		Good: `group "empty" { members = [] }`,
	},
	{
		Code: "read-only-group", Severity: Error, Title: "A directory's group cannot be changed here",
		Text: `A group that comes from a directory is changed in that directory; adding members or rules to it in
			configuration would make two masters of one group. Declare a group of your own that includes the
			directory's, and change that.`,
		Bad: `
group "staff" {
  from    = directory.file.hr.groups["Staff"]
  members = [user.guest]
}`,
		Good: `
group "staff" { from = directory.file.hr.groups["Staff"] }
group "staff_and_guests" {
  include_groups = [group.staff]
  members        = [user.guest]
}`,
	},
	{
		Code: "rule-inactive", Severity: Warning, Title: "A rule is switched off",
		Text: `The rule says active = false, so it adds nobody; people whom it alone kept in the group are not in it.
			Okta keeps earlier additions of a deactivated rule, rollcall does not, since membership follows from
			what is declared. Remove the rule, or switch it on.`,
		Bad: `
rule {
  condition = principal.department == "eng"
  active    = false
}`,
		Good: `rule { condition = principal.department == "eng" }`,
	},
	{
		Code: "attribute-required", Severity: Error, Title: "A person lacks what the target requires",
		Text: `The target makes no account without certain attributes, names for example, and this person has none. Only
			this person is held back; everything else goes on. Give the person a value, or map one for everybody with
			attributes on the app.`,
		Good: `
user "ann" {
  login      = "ann@acme.com"
  first_name = "Ann"
  last_name  = "Ng"
}`,
	},
	{
		Code: "attribute-too-long", Severity: Warning, Title: "A profile value is longer than Okta allows",
		Text: `Okta limits the length of each attribute of its profile, and this value is over the limit. The
			person could not be kept in Okta like this, and targets often have the same limits. Shorten the value.`,
	},
	{
		Code: "staged-provisioned", Severity: Info, Title: "A person who is not active yet is provisioned",
		Text: `The person's status is one of STAGED, PROVISIONED, RECOVERY, PASSWORD_EXPIRED or LOCKED_OUT. As in
			Okta, an assignment provisions them all the same, as if they were ACTIVE. If they shall have no account
			yet, assign them later, or give the assignment a starts time.`,
	},
	{
		Code: "deprovisioned-in-group", Severity: Warning, Title: "A deprovisioned person is still listed in a group",
		Text: `The person's status is DEPROVISIONED, so their account is deactivated and they leave every pushed group,
			whatever lists them. The line that still names them does nothing. Remove it.`,
	},
	{
		Code: "suspended-retained", Severity: Warning, Title: "A suspended person keeps their account",
		Text: `As in Okta, suspending a person changes nothing at the target: the account stays active and their
			memberships stay. If suspension shall take access away, set on_suspended = "deactivate" in the app.`,
		Good: `
app "twingate" {
  target       = target.twingate.corp
  on_suspended = "deactivate"
}`,
	},
	{
		Code: "suspended-not-created", Severity: Warning, Title: "A suspended person gets no account",
		Text: `The person is assigned and has no account, but is SUSPENDED, and no account is created for somebody who
			is. It will be created by the first plan after their return.`,
	},
}
