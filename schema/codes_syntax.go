package schema

// syntaxCodes are about files and the form of what stands in them.
var syntaxCodes = [...]CodeDoc{
	{
		Code: "syntax", Severity: Error, Title: "The file is not valid HCL",
		Text: `The parser could not make sense of the file at this place: a quote or bracket that never closes, an
			argument without "=", a half-written block. Nothing is planned from a configuration that was not
			understood whole, because what is missing would look like a removal. Mend the line that is shown; the
			mistake is there or just before it.`,
		Bad: `
user "alice" {
  login = "alice@acme.com
}`,
		Good: `
user "alice" {
  login = "alice@acme.com"
}`,
	},
	{
		Code: "too-complex", Severity: Error, Title: "The file is too complex to be read safely",
		Text: `Brackets nest deeper, or an expression has more operators, digits or steps than any configuration that
			people write. Such input makes parsers run out of stack or time, so it is refused before it is parsed.
			Split the expression with locals, or move data into a file that is read with csvdecode or jsondecode.`,
	},
	{
		Code: "too-large", Severity: Error, Title: "A file or a value is over its limit",
		Text: `A file, the whole tree, or the result of a function is larger than its limit. The limits keep a pull
			request from stalling whoever plans it. Split the file, keep people in a directory "file" (whose data
			files have a larger limit of their own), or let whoever runs rollcall raise the limit.`,
	},
	{
		Code: "unreadable-file", Severity: Error, Title: "A file could not be read",
		Text: `The file is there but could not be opened or read to its end, or it is not UTF-8. A configuration that
			was read in part would look like one with people removed, so nothing is planned. Check the file's
			permissions and encoding; save it as UTF-8.`,
	},
	{
		Code: "link-leaves-root", Severity: Error, Title: "A link leads out of the configuration",
		Text: `A symbolic link leads out of the root folder of the configuration. What a revision means must not depend
			on files that are not part of it, and a pull request must not read others' files. Put the file itself
			under the root, or begin the link's name with _ to leave it out.`,
	},
	{
		Code: "unknown-block", Severity: Error, Title: "There is no block of this type",
		Text: `The block's type is none that the language has here. Unknown blocks are errors, not ignored: a typing
			mistake must not make a rule disappear. Check the spelling, or whether the block belongs inside
			another one; the language reference lists all blocks.`,
		Bad: `
assignement "engineering" {
  app    = app.twingate
  groups = [group.engineering]
}`,
		Good: `
assignment "engineering" {
  app    = app.twingate
  groups = [group.engineering]
}`,
	},
	{
		Code: "unknown-argument", Severity: Error, Title: "The block has no such argument",
		Text: `The argument's name is none that this block takes. It is an error rather than ignored, because a
			misspelt argument would silently fall back to its default. Check the spelling against the language
			reference; attributes of people that are not in Okta's base profile go into custom.`,
		Bad: `
user "alice" {
  login     = "alice@acme.com"
  firstname = "Alice"
}`,
		Good: `
user "alice" {
  login      = "alice@acme.com"
  first_name = "Alice"
}`,
	},
	{
		Code: "missing-argument", Severity: Error, Title: "A required argument is missing",
		Text: `The block needs this argument and has no default for it. Add the argument; the language reference
			prints required ones in bold.`,
		Bad:  `user "alice" {}`,
		Good: `user "alice" { login = "alice@acme.com" }`,
	},
	{
		Code: "conflicting-arguments", Severity: Error, Title: "Two arguments exclude each other",
		Text: `Two arguments that say different things about the same matter stand in one block, and there is no rule
			that could tell which of them is meant. Keep one of the two.`,
		Bad: `
waiver "offboarding" {
  app      = app.x
  guard    = "max-deactivations"
  limit    = 40
  protects = user.bob
  expires  = "2026-12-01T00:00:00Z"
  reason   = "the office closes"
}`,
		Good: `
waiver "offboarding" {
  app     = app.x
  guard   = "max-deactivations"
  limit   = 40
  expires = "2026-12-01T00:00:00Z"
  reason  = "the office closes"
}`,
	},
	{
		Code: "wrong-labels", Severity: Error, Title: "The block has the wrong labels",
		Text: `Blocks are addressed by their type and labels, so each type has a fixed number of labels, and labels
			follow the rules for names. Give the block the labels that the detail lists.`,
		Bad:  `user { login = "alice@acme.com" }`,
		Good: `user "alice" { login = "alice@acme.com" }`,
	},
	{
		Code: "duplicate-block", Severity: Error, Title: "Two blocks have one address",
		Text: `Everything in a configuration is one flat namespace, whatever file it is in, and two blocks of one type
			have the same labels. It would not be clear which of them a reference means. Rename or remove one; both
			places are shown. Renaming a block that was applied before needs a moved block.`,
		Bad: `
user "alice" { login = "alice@acme.com" }
user "alice" { login = "alice.ng@acme.com" }`,
		Good: `
user "alice" { login = "alice@acme.com" }
user "alice_ng" { login = "alice.ng@acme.com" }`,
	},
	{
		Code: "unsupported-version", Severity: Error, Title: "The configuration wants another version of rollcall",
		Text: `The rollcall block's required_version does not allow the version that is running. A version that its
			authors did not expect might read the configuration differently. Run a version that fits, or change
			the constraint after reading the release notes.`,
		Good: `rollcall { required_version = ">= 1.0" }`,
	},
	{
		Code: "unsupported-feature", Severity: Error, Title: "The language has this, but it cannot be carried out here",
		Text: `The configuration uses something that this version, this kind of directory, or this target's dialect
			cannot do: a password push, a feature the target does not offer. Ignoring it would promise something
			that does not happen. Remove it, or use what the detail offers instead.`,
	},
}
