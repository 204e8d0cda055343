# What has to follow when people come and go.

run "nothing_is_given" {
  assert {
    condition     = length(plan.changes) == 0
    error_message = "What is declared is what there is."
  }
}

run "leaver" {
  given "user" "bob" {
    status = "DEPROVISIONED"
  }
  assert {
    condition     = toset([for c in plan.changes : c.app if c.action == "deactivate" && c.name == "bob@example.com"]) == toset(["vpn", "production"])
    error_message = "Who leaves loses everything."
  }
  assert {
    condition     = plan.summary.add == 0 && plan.summary.destroy == 2
    error_message = "Nobody else is touched."
  }
}

run "newcomer" {
  given "user" "mia" {
    login = "mia@example.com"
  }
  given "group" "staff" {
    members = [user.alice, user.bob, user.dana, user.mia]
  }
  assert {
    condition     = effective.users[user.mia].apps == ["vpn"]
    error_message = "A newcomer has the VPN and nothing else."
  }
}
