# A small company whose rules are policies. Policies are in policies.hcl, what
# shows that each of them notices what it is there for in tests/.

target "sandbox" "network" {}

target "sandbox" "servers" {
  path = ".rollcall/servers.json"
}

app "vpn" {
  target = target.sandbox.network
}

app "production" {
  target = target.sandbox.servers
}

assignment "staff" {
  app    = app.vpn
  groups = [group.staff]
}
