# Each policy is given what it is there to prevent.

run "payer_who_approves" {
  given "group" "approvals" {
    members = [user.alice, user.dana]
  }
  expect_failures = [policy.separation_of_duties]
}

run "contractor_on_the_vpn" {
  given "group" "staff" {
    members = [user.alice, user.carol]
  }
  expect_failures = [policy.contractors]
}

run "employee_who_becomes_a_contractor" {
  given "user" "bob" {
    user_type = "contractor"
  }
  expect_failures = [policy.contractors]
}

run "three_admins" {
  given "group" "admins" {
    members = [user.alice, user.bob, user.dana]
  }
  expect_failures = [policy.few_admins]
}

run "name_in_small_letters" {
  given "group" "staff" {
    name = "staff-2026"
  }
  expect_failures = [policy.names]
}
