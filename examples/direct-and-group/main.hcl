# "I've removed a user from a group in Okta, but they are still showing up in Twingate."
#
# Bob is in the assigned group, and somebody once assigned him directly. With
# `in_group = false` he leaves the group, and stays in the app all the same.

variable "in_group" {
  type        = bool
  description = "Bob is a member of Engineering."
  default     = true
}

variable "direct" {
  type        = bool
  description = "Bob has the app in his own name as well."
  default     = true
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

group "engineering" {
  name    = "Engineering"
  members = var.in_group ? [user.alice, user.bob] : [user.alice]
}

app "twingate" {
  target = target.sandbox.demo
}

assignment "engineering" {
  app    = app.twingate
  groups = [group.engineering]
}

assignment "bob" {
  for_each = var.direct ? toset(["incident"]) : toset([])
  app      = app.twingate
  users    = [user.bob]
  reason   = "Needed at once during an incident, never taken back."
}

push_group "engineering" {
  app   = app.twingate
  group = group.engineering
}
