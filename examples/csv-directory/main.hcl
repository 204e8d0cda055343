# People from the export of an HR system. The header of the file names the
# attributes; columns that rollcall does not know become custom attributes.

directory "file" "hr" {
  path = "people.csv"
}

target "sandbox" "demo" {}

app "wiki" {
  target = target.sandbox.demo

  attributes = {
    "title"    = principal.title
    "userType" = principal.department == "Finance" ? "restricted" : "standard"
  }
}

# A group as the directory has it: the column `groups` of the file.
group "vpn" {
  name = "VPN"
  from = directory.file.hr.groups["vpn"]
}

# A group by rule, over everyone in the directory.
group "finance" {
  name = "Finance"

  rule {
    condition = principal.department == "Finance"
  }
}

assignment "staff" {
  app    = app.wiki
  groups = [group.vpn, group.finance]
}

# One person of the directory, by login.
assignment "auditor" {
  app   = app.wiki
  users = [directory.file.hr.users["carol@example.com"]]
}

push_group "vpn" {
  app   = app.wiki
  group = group.vpn
}

push_group "finance" {
  app   = app.wiki
  group = group.finance
}
