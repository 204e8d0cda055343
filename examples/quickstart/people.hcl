# Who there is. `login` is the only thing that a person must have.

user "alice" {
  login      = "alice@example.com"
  first_name = "Alice"
  last_name  = "Ng"
}

user "bob" {
  login      = "bob@example.com"
  first_name = "Bob"
  last_name  = "Okafor"
}

user "dana" {
  login      = "dana@agency.example"
  first_name = "Dana"
  last_name  = "Reyes"
}

group "engineering" {
  name    = "Engineering"
  members = [user.alice, user.bob]
}

group "contractors" {
  name    = "Contractors"
  members = [user.dana]
}
