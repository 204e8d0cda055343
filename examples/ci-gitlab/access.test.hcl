# Who joins and who leaves. "rollcall test" carries this out, without a target.

run "members_have_the_vpn" {
  assert {
    condition     = contains(effective.apps.vpn.users, user.bob)
    error_message = "Engineering has the VPN."
  }
}

run "leavers_lose_it" {
  given "user" "bob" {
    status = "DEPROVISIONED"
  }
  assert {
    condition     = !contains(effective.apps.vpn.users, user.bob)
    error_message = "Whoever leaves loses the VPN."
  }
  assert {
    condition     = anytrue([for c in plan.changes : c.action == "deactivate" && c.name == user.bob])
    error_message = "The account of whoever leaves is deactivated."
  }
}
