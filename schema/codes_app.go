package schema

// appCodes are about apps, assignments, mappings and pushed groups.
var appCodes = [...]CodeDoc{
	{
		Code: "assignment-without-subject", Severity: Error, Title: "An assignment assigns nobody",
		Text: `The block has neither users nor groups. An assignment is for one of the two at least; an empty list is
			allowed and says "nobody" aloud. Add users or groups, or remove the block.`,
		Bad: `assignment "engineering" { app = app.twingate }`,
		Good: `
assignment "engineering" {
  app    = app.twingate
  groups = [group.engineering]
}`,
	},
	{
		Code: "priority-tie", Severity: Error, Title: "Two groups of equal priority disagree",
		Text: `A person is assigned through two groups of the same priority, which give one attribute different values
			in profile. Whichever won would be chance. Give the assignments different priorities (the smaller
			wins), or the same value.`,
		Bad: `
assignment "leads" {
  app     = app.x
  groups  = [group.leads]
  profile = { "title" = "Lead" }
}

assignment "staff" {
  app     = app.x
  groups  = [group.staff]
  profile = { "title" = "Staff" }
}`,
		Good: `
assignment "leads" {
  app      = app.x
  groups   = [group.leads]
  profile  = { "title" = "Lead" }
  priority = 10
}

assignment "staff" {
  app     = app.x
  groups  = [group.staff]
  profile = { "title" = "Staff" }
}`,
	},
	{
		Code: "duplicate-user-name", Severity: Error, Title: "Two people map to the same user name",
		Text: `The app's username expression gives two assigned people the same userName, compared without case.
			A target has one account for one userName, so one of them would take over the other's. Make the
			expression tell them apart, or leave it out: the default is the login, which is unique.`,
		Bad: `
user "ann" {
  login     = "ann@acme.com"
  last_name = "Ng"
}

user "ben" {
  login     = "ben@acme.com"
  last_name = "Ng"
}

app "x" {
  target   = target.scim.x
  username = principal.last_name
}

assignment "both" {
  app   = app.x
  users = [user.ann, user.ben]
}`,
		Good: `
app "x" {
  target   = target.scim.x
  username = principal.login
}`,
	},
	{
		Code: "mapping-locked", Severity: Error, Title: "The target's attribute mapping is fixed",
		Text: `The target documents that its mapping must not be changed ("Do not change SCIM Attribute Mappings"), so
			attributes is not allowed for its apps. Remove the argument; what is sent is listed on the dialect's
			page.`,
		Bad: `
app "twingate" {
  target     = target.twingate.corp
  attributes = { "title" = principal.title }
}`,
		Good: `
app "twingate" {
  target = target.twingate.corp
}`,
	},
	{
		Code: "duplicate-push", Severity: Error, Title: "One group is pushed twice by one app",
		Text: `Two push_group blocks of one app name the same group, so two objects at the target would claim the same
			members. (A push_rule that matches the group as well is no conflict: the explicit block wins.) Remove
			one of the blocks.`,
		Bad: `
push_group "a" {
  app   = app.x
  group = group.eng
}

push_group "b" {
  app         = app.x
  group       = group.eng
  target_name = "Eng"
}`,
		Good: `
push_group "a" {
  app   = app.x
  group = group.eng
}`,
	},
	{
		Code: "push-member-unassigned", Severity: Warning, Title: "Members of a pushed group are not assigned",
		Text: `Pushing a group never gives anyone an account: only members who are also assigned to the app are pushed,
			the others are withheld. This is the commonest trouble with Okta's group push ("I have groups that are
			set up to push, but the users are not syncing"). Assign the group itself to the app, or leave these
			people out of the group.`,
		Bad: `
push_group "engineering" {
  app   = app.twingate
  group = group.engineering
}`,
		Good: `
assignment "engineering" {
  app    = app.twingate
  groups = [group.engineering]
}

push_group "engineering" {
  app   = app.twingate
  group = group.engineering
}`,
	},
	{
		Code: "same-group-assigned-and-pushed", Severity: Info, Title: "A group is both assigned and pushed",
		Text: `Okta calls this unsupported, because there the assignment and the push race as events. Here both follow
			from one plan: accounts are created in an earlier wave than memberships are written, so it is safe, and
			it is the usual way to make sure that every member is pushed. Nothing to do.`,
	},
	{
		Code: "direct-shadows-group", Severity: Warning, Title: "A direct assignment outlives a group",
		Text: `The person is assigned directly and through a group. Taking them out of the group will not take the app
			away: the direct assignment keeps it ("I've removed a user from a group, but they are still showing
			up"). If the group shall decide, remove the direct assignment.`,
		Bad: `
assignment "alice" {
  app   = app.x
  users = [user.alice]
}

assignment "eng" { # alice is in it
  app    = app.x
  groups = [group.eng]
}`,
		Good: `
assignment "eng" {
  app    = app.x
  groups = [group.eng]
}`,
	},
	{
		Code: "update-disabled", Severity: Warning, Title: "Differences stay because updates are switched off",
		Text: `An account differs from what is declared, and the app says update_user_attributes = false, so it is left
			as it is. Switch updates on, or accept the difference.`,
		Good: `
app "x" {
  target = target.scim.x
  provisioning { update_user_attributes = true }
}`,
	},
	{
		Code: "deactivate-disabled", Severity: Warning, Title: "An account stays active because deactivation is switched off",
		Text: `Nobody assigns this person any more, but the app says deactivate_users = false, so their account stays
			active at the target. They leave pushed groups all the same. Switch deactivation on, or remove the
			account at the target by hand.`,
		Good: `
app "x" {
  target = target.scim.x
  provisioning { deactivate_users = true }
}`,
	},
	{
		Code: "match-not-found", Severity: Warning, Title: "There is no existing object to attach to",
		Text: `The configuration attaches to something that must be at the target already, and it is not: the app says
			create_users = false and no account fits the person, or a push_group with mode = "link" finds no group
			of that name. Nothing is created. Create the object at the target, or allow rollcall to.`,
		Bad: `
push_group "data" {
  app   = app.x
  group = group.data
  mode  = "link"
}`,
		Good: `
push_group "data" {
  app   = app.x
  group = group.data
}`,
	},
	{
		Code: "user-name-change", Severity: Warning, Title: "An account gets another user name",
		Text: `The person's userName changes at the target; the account and its id stay. People may have to sign in
			with the new name, and single sign-on must send the same. Make sure that both change together.`,
	},
	{
		Code: "user-name-case", Severity: Info, Title: "User names differ in case alone",
		Text: `The account was found by a userName that is the same but for capital letters. Names are compared without
			case, so it is the right account, and it is not renamed for this. Nothing to do.`,
	},
	{
		Code: "push-inactive", Severity: Warning, Title: "A push is paused",
		Text: `The push says status = "inactive": nothing is sent for the group, not even for people who leave. The
			detail lists who stays in the group at the target without being in it here. Set it to active, or remove
			the block to end the push.`,
		Bad: `
push_group "eng" {
  app    = app.x
  group  = group.eng
  status = "inactive"
}`,
		Good: `
push_group "eng" {
  app   = app.x
  group = group.eng
}`,
	},
}
