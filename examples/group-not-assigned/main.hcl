# "I have groups that are set up to push to Twingate, but the users are not syncing."
#
# The group is pushed. Its members are not assigned to the app, so the group
# arrives empty. `var.assign` is the repair.

variable "assign" {
  type        = bool
  description = "Assign the group as well."
  default     = false
}

target "sandbox" "demo" {
  dialect = "twingate"
}

user "alice" {
  login = "alice@example.com"
}

user "bob" {
  login = "bob@example.com"
}

group "support" {
  name    = "Support"
  members = [user.alice, user.bob]
}

app "twingate" {
  target = target.sandbox.demo
}

assignment "alice" {
  app   = app.twingate
  users = [user.alice]
}

assignment "support" {
  for_each = var.assign ? toset(["group"]) : toset([])
  app      = app.twingate
  groups   = [group.support]
}

push_group "support" {
  app   = app.twingate
  group = group.support
}
