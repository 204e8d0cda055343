# CODEOWNERS gives this folder to the security team.

group "admins" {
  name    = "Admins"
  members = [user.bob]
}

assignment "admins" {
  app    = app.production
  groups = [group.admins]
}
