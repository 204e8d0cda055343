//go:build !servers

package statestore_test

// serverKinds are the stores on real servers, which need those: see servers_test.go.
func serverKinds() []kind { return nil }

func stopServers() {}
