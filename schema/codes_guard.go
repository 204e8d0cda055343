package schema

// guardCodes are about limits and protections. They block a whole plan.
var guardCodes = [...]CodeDoc{
	{
		Code: "max-deactivations", Severity: Guarded, Title: "More accounts would be deactivated than the guard allows",
		Text: `The plan, with what earlier applies in the window did, deactivates or deletes more of the app's accounts
			than max_deactivations. This is what a broken export, a wrong merge or a lost file looks like, so nothing
			at all is written. If it is meant, add a waiver (reviewed, with an end). A limit that is raised in the
			guard counts from the next apply on.`,
		Good: `
waiver "offboarding" {
  app     = app.twingate
  guard   = "max-deactivations"
  limit   = 40
  expires = "2026-12-01T00:00:00Z"
  reason  = "the Berlin office closes"
}`,
	},
	{
		Code: "max-removals", Severity: Guarded, Title: "More memberships would be removed than the guard allows",
		Text: `The plan, with what earlier applies in the window did, takes more people out of groups than max_removals
			allows. Nothing at all is written. If it is meant, add a waiver (reviewed, with an end). A limit that is
			raised in the guard counts from the next apply on.`,
		Good: `
waiver "reorganisation" {
  app     = app.twingate
  guard   = "max-removals"
  limit   = "60%"
  expires = "2026-12-01T00:00:00Z"
  reason  = "teams are cut anew"
}`,
	},
	{
		Code: "newly-managed", Severity: Guarded, Title: "Groups that are taken over would lose members at once",
		Text: `The plan links to groups that exist at the target, or adopts them, and takes out more than floor members whom
			nobody declares. Whoever is managed anew starts by seeing what would change: nothing at all is written. Take
			the group over with membership = "additive" first, which removes nobody, and drop that line in a later
			change; or declare the members; or add a waiver (reviewed, with an end).`,
		Good: `
push_group "engineering" {
  app        = app.twingate
  group      = group.engineering
  mode       = "link"
  membership = "additive"
}`,
	},
	{
		Code: "protected", Severity: Guarded, Title: "A protected person or group would lose access",
		Text: `The plan deactivates or deletes somebody in protected_users, or takes from a group in protected_groups.
			Protection is for emergency accounts and for those who run the target; nothing at all is written. What
			the last apply protected is in the state, so that deleting the block which protects does not help. If it
			is meant, lift the protection with a waiver, apply that, and make the removal in the next change.`,
		Good: `
waiver "old_breakglass" {
  app      = app.twingate
  protects = user.breakglass_old
  expires  = "2026-12-01T00:00:00Z"
  reason   = "replaced by user.breakglass"
}`,
	},
	{
		Code: "empty-push", Severity: Guarded, Title: "A pushed group would lose all its members",
		Text: `A pushed group that has more than floor members at the target would have none. An emptied group usually
			means that a rule matches nobody any more or that a source is missing, so nothing at all is written. If
			it is meant, say allow_empty = true in the push.`,
		Good: `
push_group "seasonal" {
  app         = app.twingate
  group       = group.seasonal
  allow_empty = true
}`,
	},
	{
		Code: "directory-stale", Severity: Guarded, Title: "A directory is older than it may be",
		Text: `What a directory holds is from longer ago than its max_age, or nobody can say from when it is: the clone that it
			was read from ends before the commit that brought it, or its time lies ahead of the clock. An export that has
			stopped looks like that. It is a warning until a plan would take something from people of the directory; then
			nothing at all is written. Export the directory anew. If that cannot be done now, add a waiver, whose limit is
			how old it may be; in a shallow clone, fetch the whole history or say exported_at.`,
		Good: `
waiver "hr_is_down" {
  app     = app.twingate
  guard   = "directory-stale"
  limit   = "120h"
  expires = "2026-12-01T00:00:00Z"
  reason  = "the export is mended on Monday"
}`,
	},
	{
		Code: "directory-shrank", Severity: Guarded, Title: "A directory has many fewer people than before",
		Text: `A directory was read without an error but holds more than a tenth fewer people, groups or memberships (and
			more than ten) than its last good read, or goes back and forth between contents that it had before. While that would
			take something away, nothing at all is written, until a second read agrees. Check the source. If it is
			right, apply: that is refused and notes the read in the state; apply again ten minutes later. Or add a
			waiver, whose limit is how much may be missing.`,
		Good: `
waiver "berlin" {
  app     = app.twingate
  guard   = "directory-shrank"
  limit   = "30%"
  expires = "2026-12-01T00:00:00Z"
  reason  = "the Berlin office closes"
}`,
	},
	{
		Code: "waiver-expired", Severity: Warning, Title: "A waiver has ended",
		Text: `The end of a waiver is over. It lets nothing pass any more, by itself and wherever it is read, and blocks
			nothing either; but whoever reads what is let pass has to read it too. Take the block out. If the exception is
			needed again, write it anew, with another end and its reason, so that it is reviewed.`,
		Bad: `
waiver "berlin" {
  app     = app.twingate
  guard   = "max-deactivations"
  limit   = 40
  expires = "2020-07-01T00:00:00Z"
  reason  = "the Berlin office closes"
}`,
		Good: `
waiver "berlin" {
  app     = app.twingate
  guard   = "max-deactivations"
  limit   = 40
  expires = "2099-07-01T00:00:00Z"
  reason  = "the Berlin office closes"
}`,
	},
	{
		Code: "waiver-unused", Severity: Info, Title: "A waiver is in force and nothing needs it",
		Text: `The plan would pass without the waiver: what it was for is done, or not there yet, or its limit is no wider than
			that of the guard. Until it ends it would let something else pass, too, that nobody had in mind. If what it was
			for is done, take it out. A waiver that lifts a protection is needed for as long as the guard names the object.`,
		Good: `
waiver "berlin" {
  app     = app.twingate
  guard   = "max-deactivations"
  limit   = 40
  expires = "2026-12-01T00:00:00Z"
  reason  = "the Berlin office closes"
}`,
	},
}
