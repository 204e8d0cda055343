package main

import (
	"net/http"
	"net/http/httptest"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rollcall-dev/rollcall/providers/statestore/storetest"
)

// startStore starts a server that keeps a state, and puts its address into
// NAME_URL: store NAME s3|terraform [LIE].
func startStore(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: store NAME s3|terraform [LIE]")
	}
	lie := ""
	if len(args) == 3 {
		lie = args[2]
	}
	var h http.Handler = &storetest.S3{Lies: lie}
	if args[1] == "terraform" {
		h = &storetest.Terraform{Lies: lie}
	}
	server := httptest.NewServer(h)
	ts.Defer(server.Close)
	ts.Setenv(args[0]+"_URL", server.URL)
}
