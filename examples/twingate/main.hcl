# Twingate, end to end: what the vendor's guide does by hand in the console of
# the identity provider, written down.

variable "network" {
  type        = string
  description = "The name before .twingate.com."
  default     = "acme"
}

variable "base_url" {
  type        = string
  description = "Another address of the SCIM service, for trying this out. Null means the network's own."
  default     = null
}

# Step 1 and 2, the endpoint and the token: the address follows from the
# network, the token is read from ROLLCALL_TOKEN_acme_twingate_com.
target "twingate" "corp" {
  network  = var.network
  base_url = var.base_url
}

app "twingate" {
  target = target.twingate.corp

  # Step 4, the three switches of the Provisioning tab. These are the defaults.
  provisioning {
    create_users           = true
    update_user_attributes = true
    deactivate_users       = true
  }

  guard {
    max_deactivations = "10%"
    protected_users   = [user.breakglass]
  }
}

# The suggestion of the guide: assign the very group that is pushed, so that
# everyone in it has an account.
assignment "engineering" {
  app    = app.twingate
  groups = [group.engineering]
}

assignment "breakglass" {
  app    = app.twingate
  users  = [user.breakglass]
  reason = "Access must not depend on a group. Reviewed every quarter."
}

push_group "engineering" {
  app   = app.twingate
  group = group.engineering
}
