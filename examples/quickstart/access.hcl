# Who may be in the application, and which groups exist there.

# The target of this example is the SCIM service inside rollcall, kept in a
# file. It needs no account: replace it with `target "twingate"` for real work.
target "sandbox" "demo" {
  dialect = "twingate"
}

app "vpn" {
  target = target.sandbox.demo
}

# Assignment decides who has an account.
assignment "engineering" {
  app    = app.vpn
  groups = [group.engineering]
}

# Push decides which groups exist, and who of the assigned is in them.
push_group "engineering" {
  app   = app.vpn
  group = group.engineering
}

# Pushed, but assigned nowhere: the group will be there, and Dana will not.
# The plan says so beforehand, and `rollcall explain` says what would help.
push_group "contractors" {
  app   = app.vpn
  group = group.contractors
}
