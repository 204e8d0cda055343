user "alice" {
  login      = "alice@example.com"
  department = "Finance"
}

user "bob" {
  login      = "bob@example.com"
  department = "Engineering"
}

user "carol" {
  login      = "carol@agency.example"
  user_type  = "contractor"
  department = "Engineering"
}

user "dana" {
  login      = "dana@example.com"
  department = "Finance"
}

group "staff" {
  name    = "Staff"
  members = [user.alice, user.bob, user.dana]
}

group "payments" {
  name    = "Payments"
  members = [user.alice]
}

group "approvals" {
  name    = "Approvals"
  members = [user.dana]
}
