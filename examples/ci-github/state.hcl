# Every job runs on a clean machine, so the state lies where all of them reach
# it. docs/language.md has the other places: S3, and Terraform's HTTP protocol.
rollcall {
  state "postgres" {
    url = env("ROLLCALL_STATE_URL")
  }
}
