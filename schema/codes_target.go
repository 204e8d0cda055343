package schema

// targetCodes are about targets and what they hold.
var targetCodes = [...]CodeDoc{
	{
		Code: "insecure-endpoint", Severity: Error, Title: "The target would be reached without encryption",
		Text: `The address begins with http://. The token and everyone's data would cross the network readable, so
			plain HTTP is refused for every host but loopback. Use https://; for a private certificate authority,
			give its bundle.`,
		Bad:  `target "scim" "x" { base_url = "http://scim.acme.com/v2" }`,
		Good: `target "scim" "x" { base_url = "https://scim.acme.com/v2" }`,
	},
	{
		Code: "missing-token", Severity: Error, Title: "There is no token for the target",
		Text: `The target's block names no token and none is set for its host. Set the variable that is shown, or the one
			with _FILE to the path of a file that holds the token; a token that is given by host is never sent to
			another one. "token = env("NAME")" in the block works too. Then run "rollcall target check".`,
	},
	{
		Code: "target-unavailable", Severity: Error, Title: "The target cannot be used",
		Text: `The target did not answer, or not in a way that can be understood: the address may be wrong, the network
			closed, the service down, or something else answers in its place. Nothing was planned, because whoever was
			not read would look removed. The cause is shown; "rollcall target check" tries the target alone.`,
	},
	{
		Code: "credentials-rejected", Severity: Error, Title: "The target refused the token",
		Text: `The target answered 401 or 403. The token is wrong, expired, revoked, or lacks the right to do this; a
			token is only sent to the host that it was given for. The run stops at once, since every further request
			would fail the same way. Create a new token, set it, and run "rollcall target check".`,
	},
	{
		Code: "incomplete-read", Severity: Error, Title: "Not everything could be read",
		Text: `A directory or target could not be proven to have been read whole: a page was missing, a count did not
			add up, the answer was cut. No plan is made, because whoever was not read would look removed. Run again;
			if it stays, "rollcall target check" shows what the target does.`,
	},
	{
		Code: "name-collision", Severity: Error, Title: "A group of this name exists and is not ours",
		Text: `The group to be created has the name of a group that is at the target already and that rollcall does not
			own. Taking it over could change others' access, so the push is held back while the rest goes on. Attach
			to it with mode = "link", own it with an adopt block, or push under another target_name.`,
		Bad: `
push_group "data" {
  app   = app.x
  group = group.data
}`,
		Good: `
push_group "data" {
  app   = app.x
  group = group.data
  mode  = "link"
}`,
	},
	{
		Code: "ambiguous-match", Severity: Error, Title: "Two objects at the target match",
		Text: `The person's external id and user name lead to two different accounts, or two groups have the name to be
			attached to. rollcall never guesses which one is meant; the object is held back while the rest goes on.
			Merge the two at the target, or name the right one in an adopt block or target_id.`,
		Good: `
adopt {
  to = user.alice
  id = "2819c223-7f76-453a-919d-413861904646"
}`,
	},
	{
		Code: "conflict", Severity: Error, Title: "The target refused an object as a duplicate",
		Text: `The target answered that the object exists (409), but nothing that rollcall can see matches it: often an
			account that is deleted but still holds its name, or one outside of what the token may read. The object
			is held back while the rest goes on. Free the name at the target, or rename here.`,
	},
	{
		Code: "refused", Severity: Error, Title: "The target refused an object",
		Text: `The target understood the request and said no: an attribute that it does not take, a value that it does
			not allow, a thing that it cannot do. The same request would be refused again, so the object is held back
			while the rest goes on. The target's answer is shown with method, path and status. Correct the value
			here, drop the attribute from the app's mapping, or ask whoever runs the target.`,
	},
	{
		Code: "member-rejected", Severity: Error, Title: "The target refused a member of a group",
		Text: `The target accepted the change of a group but not this one member, whose account it does not know or
			does not allow there. The others went through; the next plan holds exactly this one again. The target's
			answer is shown. Correct the account at the target, or take the member out.`,
	},
	{
		Code: "target-gone", Severity: Warning, Title: "An object of ours is gone from the target",
		Text: `The state has the id of an account or group that the target does not have any more: somebody deleted it
			there. If it is still declared it is created again, with a new id; whatever the target had bound to the
			old one is lost. If it shall stay gone, remove it from the configuration.`,
	},
	{
		Code: "external-id-differs", Severity: Warning, Title: "The account keeps another external id",
		Text: `The account that was found has an externalId that is not the person's. External ids are written once, at
			the creation, so the existing value is kept, and the state follows it. Check that it is the same person;
			if another system also manages the account, let only one of the two do it.`,
	},
	{
		Code: "adopted", Severity: Info, Title: "An existing object becomes ours",
		Text: `The account or group was there already and matches exactly, so rollcall owns it from now on: it will be
			updated, and deactivated when nobody assigns it. Nothing to do; remove the assignment to leave the
			account alone.`,
	},
	{
		Code: "unmanaged", Severity: Info, Title: "The target holds an object that is not ours",
		Text: `An account or group at the target is neither declared nor in the state. rollcall never changes what it
			does not own. Declare it, adopt it ("rollcall adopt -discover" writes the blocks), or set
			unmanaged = "ignore" in the app to stop hearing of such objects.`,
		Good: `
app "x" {
  target    = target.scim.x
  unmanaged = "ignore"
}`,
	},
	{
		Code: "membership-unreadable", Severity: Warning, Title: "The target does not show who is in a group",
		Text: `The target does not return members, or not all of them beyond a number. Memberships are then planned
			from what rollcall last wrote, and drift there cannot be seen: the answer is "unknown", never "in sync".
			Nothing to do, but do not change such groups by hand.`,
	},
	{
		Code: "not-confirmed", Severity: Warning, Title: "A change could not be confirmed",
		Text: `The target accepted the change, and reading it back did not show it: because the target does not let us
			read it, shows writes only later, or accepted it without doing it. Plan again; a change that is really
			missing is planned again.`,
	},
}
