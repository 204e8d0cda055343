user "alice" {
  login      = "alice@acme.com"
  first_name = "Alice"
  last_name  = "Ng"
}

user "bob" {
  login      = "bob@acme.com"
  first_name = "Bob"
  last_name  = "Okafor"
}

user "breakglass" {
  login      = "breakglass@acme.com"
  first_name = "Break"
  last_name  = "Glass"
}

group "engineering" {
  name    = "Engineering"
  members = [user.alice, user.bob]
}
