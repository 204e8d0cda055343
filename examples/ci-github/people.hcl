# Teams change this file, and are asked for a review by CODEOWNERS.

user "alice" {
  login      = "alice@example.com"
  first_name = "Alice"
  last_name  = "Ng"
}

user "bob" {
  login      = "bob@example.com"
  first_name = "Bob"
  last_name  = "Stone"
}

group "engineering" {
  name    = "Engineering"
  members = [user.alice, user.bob]
}
