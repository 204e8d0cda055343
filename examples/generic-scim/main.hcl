# Any SCIM 2.0 service. What is special about it is written into the target.

variable "base_url" {
  type        = string
  description = "Where the SCIM service answers."
  default     = "https://scim.example.com/scim/v2"
}

# The token: ROLLCALL_TOKEN_scim_example_com, or the path of a file that holds
# it in ROLLCALL_TOKEN_scim_example_com_FILE.
target "scim" "intranet" {
  base_url = var.base_url

  limits {
    parallelism         = 4
    requests_per_second = 50
  }

  # This service takes no PATCH for users and lists 50 of them at a time.
  write {
    user = "put"
  }

  page {
    max = 50
  }
}

app "intranet" {
  target = target.scim.intranet

  # The mapping is the app's own: this service wants the nickname, and a
  # title that people may change there later.
  attributes = {
    "nickName"    = principal.nick_name
    "title"       = principal.title
    "displayName" = null
  }
  create_only = ["title"]
  on_unpush   = "leave"
}

user "erin" {
  login      = "erin@example.com"
  first_name = "Erin"
  last_name  = "Walsh"
  nick_name  = "Ez"
  title      = "Librarian"
}

group "library" {
  name    = "Library"
  members = [user.erin]
}

assignment "library" {
  app    = app.intranet
  groups = [group.library]
}

push_group "library" {
  app         = app.intranet
  group       = group.library
  target_name = "intranet-library"
}
