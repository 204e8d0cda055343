# Every job runs on a clean machine, so the state lies where all of them reach
# it: with GitLab, as it keeps Terraform's. 42 is the number of the project. The
# token of a job may read it for whoever is Developer, and write it for whoever
# is Maintainer.
rollcall {
  state "http" {
    address       = "https://gitlab.com/api/v4/projects/42/terraform/state/rollcall"
    lock_address  = "https://gitlab.com/api/v4/projects/42/terraform/state/rollcall/lock"
    lock_method   = "POST"
    unlock_method = "DELETE"
    username      = "gitlab-ci-token"
    password      = env("CI_JOB_TOKEN")
  }
}
