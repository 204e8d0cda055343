policy "separation_of_duties" {
  for_each = effective.users
  assert {
    condition     = !(contains(each.value.groups, group.payments) && contains(each.value.groups, group.approvals))
    error_message = "${each.key} would approve payments of their own."
  }
}

policy "contractors" {
  for_each = toset(effective.apps.vpn.users)
  assert {
    condition     = effective.users[each.key].user_type != "contractor"
    error_message = "${each.key} is a contractor and may not have the VPN."
  }
}

policy "few_admins" {
  severity = "warning"
  assert {
    condition     = length(effective.groups[group.admins].members) <= 2
    error_message = "There are ${length(effective.groups[group.admins].members)} admins, and two are enough."
  }
}

policy "names" {
  for_each = effective.groups
  assert {
    condition     = can(regex("^[A-Z][A-Za-z ]*$", each.value.name))
    error_message = "${each.key} is called ${each.value.name}: a group's name begins with a capital and is of letters."
  }
}

policy "ownership" {
  assert {
    condition     = startswith(effective.groups[group.admins].file, "security/")
    error_message = "The members of Admins are declared in security/ alone."
  }
  assert {
    condition     = alltrue([for a in effective.access : startswith(a.file, "security/") if a.app == app.production && a.source == "USER"])
    error_message = "Nobody is assigned to production but in security/."
  }
}
