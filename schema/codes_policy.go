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
	{
		Code: "assertion-failed", Severity: Error, Title: "A test's assertion does not hold",
		Text: `The condition of an assert block in a run is false for what follows from the configuration and the givens
			of the run. The values that the condition reads stand below it. Either the configuration does not do what
			the test says it should, or the test says what is not wanted any more; correct the one that is wrong.`,
	},
	{
		Code: "policy-expected-to-fail", Severity: Error, Title: "A policy holds that a test expects to fail",
		Text: `A run names a policy in expect_failures to show that the policy notices something, and for what the run is
			given the policy holds. A policy that never fails protects nothing. Correct the policy, or give the run what
			the policy is there to prevent.`,
	},
}
