package schema

// valueCodes are about expressions, variables and values.
var valueCodes = [...]CodeDoc{
	{
		Code: "wrong-type", Severity: Error, Title: "A value has the wrong type",
		Text: `The argument takes another type of value than the expression gives: a list where a text is needed, a
			text that is no number. Values are not guessed into shape. Change the expression as the detail says.`,
		Bad:  `group "engineering" { members = user.alice }`,
		Good: `group "engineering" { members = [user.alice] }`,
	},
	{
		Code: "invalid-value", Severity: Error, Title: "A value is outside of what is allowed",
		Text: `The value has the right type but is none that the argument accepts: a word that is not on its list, a
			negative limit, a time that is not RFC 3339, an expression that fails for one person. The detail says
			which values are allowed and, for an expression, for whom it failed.`,
		Bad: `
app "twingate" {
  target      = target.twingate.corp
  on_unassign = "suspend"
}`,
		Good: `
app "twingate" {
  target      = target.twingate.corp
  on_unassign = "deactivate"
}`,
	},
	{
		Code: "invalid-expression", Severity: Error, Title: "An expression cannot be evaluated",
		Text: `The expression is well formed but has no value: it divides by zero, indexes past the end of a list,
			calls a function with arguments that do not fit. Correct the expression, or guard it with a condition,
			try or can.`,
	},
	{
		Code: "unknown-reference", Severity: Error, Title: "A name leads nowhere",
		Text: `A reference, login or group name fits nothing that is declared, neither in a block nor in a directory.
			An unknown member is an error and not skipped, since a typing mistake would otherwise take somebody's
			access away. Check the spelling (a close name is suggested), declare what is missing, or remove the
			reference.`,
		Bad: `
push_group "platform" {
  app   = app.twingate
  group = group.platfrom
}`,
		Good: `
push_group "platform" {
  app   = app.twingate
  group = group.platform
}`,
	},
	{
		Code: "unknown-variable", Severity: Error, Title: "A value is given for a variable that is not declared",
		Text: `A flag, a file of values or the environment gives a value to a variable that no block declares. Most often
			its name is misspelt, and the variable that was meant keeps its default unnoticed, so this is an error.
			Correct the name, or declare the variable.`,
		Good: `variable "network" { default = "acme" }`,
	},
	{
		Code: "unknown-function", Severity: Error, Title: "There is no function of this name",
		Text: `The expression calls a function that the language does not have, or not in this place: member_of is
			for rules, env for targets, directories, notifications and the state. Functions have the names that
			Terraform gives them; those that read the clock, the network or run programs do not exist.`,
		Bad: `assignment "temp" { expires = timestamp() }`,
		Good: `
assignment "temp" {
  app     = app.x
  users   = [user.guest]
  expires = "2026-12-01T00:00:00Z"
}`,
	},
	{
		Code: "unknown-attribute", Severity: Error, Title: "The object has no such attribute",
		Text: `The expression reads an attribute that the object does not have. A person has login, id, status, Okta's
			base profile in snake_case and custom; other objects have the arguments of their blocks. Correct the
			name; attributes of your own are under custom.`,
		Bad:  `rule { condition = principal.dept == "eng" }`,
		Good: `rule { condition = principal.department == "eng" }`,
	},
	{
		Code: "missing-variable", Severity: Error, Title: "A variable has no value",
		Text: `The variable has no default and no value was given. Pass -var NAME=VALUE, set ROLLCALL_VAR_NAME, write
			it into rollcall.vars or a *.auto.vars file, or give the variable a default.`,
		Bad:  `variable "network" {}`,
		Good: `variable "network" { default = "acme" }`,
	},
	{
		Code: "invalid-variable", Severity: Error, Title: "A variable's value is refused",
		Text: `The value does not convert to the variable's type, is null where that is not allowed, or fails one of
			the variable's validation blocks, whose message is shown. Give another value.`,
	},
	{
		Code: "reference-cycle", Severity: Error, Title: "Values refer to each other in a circle",
		Text: `A local or argument needs itself, by way of others, to have a value. The detail names each step of the
			circle; take one of them out.`,
		Bad: `
locals {
  a = local.b
  b = local.a
}`,
		Good: `
locals {
  a = "x"
  b = local.a
}`,
	},
	{
		Code: "sensitive-value", Severity: Error, Title: "A sensitive value would be shown",
		Text: `A sensitive variable is used where its value would be sent as an attribute, stored in the state or
			printed. Secrets go into the token of a target or directory and nowhere else. Use a value that is not
			sensitive.`,
		Bad: `
variable "token" {
  sensitive = true
  default   = ""
}

user "alice" { login = var.token }`,
		Good: `
variable "token" {
  sensitive = true
  default   = ""
}

target "scim" "x" {
  base_url = "https://scim.acme.com/v2"
  token    = var.token
}`,
	},
	{
		Code: "secret-in-configuration", Severity: Warning, Title: "A credential is written out in the configuration",
		Text: `A token stands as a literal in a file. Everyone who can read the repository, now or in its history,
			holds it. Revoke it, and give the new one in ROLLCALL_TOKEN_<host>, which also binds it to its host,
			or read it with env().`,
		Bad: `target "twingate" "corp" { token = "eyJhbGciOi…" }`,
		Good: `
target "twingate" "corp" {
  network = "acme" # the token: ROLLCALL_TOKEN_acme_twingate_com
}`,
	},
}
