package main

import (
	"net/http"
	"net/http/httptest"
	"strconv"

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
	ts.Value(storesOf{}).(map[string]http.Handler)[args[0]] = h
}

// storesOf is the key of a script's stores by name.
type storesOf struct{}

// cutState cuts what a store keeps as the state to its first bytes: cutstate NAME N.
func cutState(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cutstate NAME N")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	cut := false
	switch s := ts.Value(storesOf{}).(map[string]http.Handler)[args[0]].(type) {
	case *storetest.S3:
		cut = s.Cut("/state", n)
	case *storetest.Terraform:
		cut = s.Cut(n)
	}
	if !cut {
		ts.Fatalf("no store called %q keeps a state of more than %d bytes", args[0], n)
	}
}
