# Who is in the VPN, reviewed in pull requests and applied from main.

variable "base_url" {
  type        = string
  description = "Where the SCIM service answers."
  default     = "https://scim.example.com/scim/v2"
}

# The token: ROLLCALL_TOKEN_scim_example_com. Pull requests get one that may
# only read, and the job that applies one that may write.
target "scim" "corp" {
  base_url = var.base_url
}

app "vpn" {
  target = target.scim.corp
}

assignment "engineering" {
  app    = app.vpn
  groups = [group.engineering]
}

push_group "engineering" {
  app   = app.vpn
  group = group.engineering
}
