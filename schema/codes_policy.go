package schema

// policyCodes are about policies and tests.
var policyCodes = [...]CodeDoc{
	{
		Code: "policy-failed", Severity: Guarded, Title: "A policy does not hold",
		Text: `An assertion of a policy is false for what follows from the configuration, or for the plan. A policy whose
			severity is error blocks the plan: plan and diff exit 3, apply writes nothing. One of severity warning or
			info is only said. The values that the condition reads stand below it. Change the configuration so that the
			policy holds, or have whoever owns the policy change that.`,
		Bad: `
policy "no_shared_accounts" {
  for_each = effective.users
  assert {
    condition     = !startswith(each.key, "guest")
    error_message = "${each.key} is no person."
  }
}`,
		Good: `
policy "no_robots" {
  for_each = effective.users
  assert {
    condition     = !startswith(each.key, "robot")
    error_message = "${each.key} is no person."
  }
}`,
	},
	{
		Code: "nothing-asserted", Severity: Error, Title: "A policy or a test asserts nothing",
		Text: `A policy or a run without an assert block holds whatever happens, and whoever reads it believes that
			something is checked. Most often the block was written with another name. Add an assert block with a
			condition and an error_message.`,
		Bad: `policy "few_admins" { severity = "warning" }`,
		Good: `
policy "few_admins" {
  severity = "warning"
  assert {
    condition     = length(effective.groups[group.leads].members) <= 5
    error_message = "More than five people lead."
  }
}`,
	},
}
