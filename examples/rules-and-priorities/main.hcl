# Groups that follow from attributes, and attributes that follow from groups.

target "sandbox" "demo" {}

user "alice" {
  login      = "alice@example.com"
  department = "Engineering"
  title      = "Staff Engineer"
}

user "bob" {
  login      = "bob@example.com"
  department = "Engineering"
  user_type  = "contractor"
}

user "carol" {
  login      = "carol@example.com"
  department = "Operations"
}

user "build" {
  login      = "build@example.com"
  department = "Engineering"
  user_type  = "robot"
}

# Everyone of the department, robots left out.
group "engineers" {
  name = "Engineers"

  rule {
    condition = principal.department == "Engineering"
    exclude   = [user.build]
  }
}

# A rule may read another group.
group "seniors" {
  name    = "Seniors"
  members = [user.carol]

  rule {
    condition = member_of(group.engineers) && startswith(principal.title == null ? "" : principal.title, "Staff")
  }
}

app "wiki" {
  target = target.sandbox.demo
}

# Alice is in both groups: the smaller priority wins, and she is an editor.
assignment "seniors" {
  app      = app.wiki
  groups   = [group.seniors]
  priority = 1
  profile  = { "userType" = "editor" }
}

assignment "engineers" {
  app      = app.wiki
  groups   = [group.engineers]
  priority = 2
  profile  = { "userType" = "reader" }
}

# Every group whose name ends in "s", present and future, exists in the wiki.
push_rule "all" {
  app = app.wiki

  match {
    name_suffix = "s"
  }
}
