package scim_test

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets each of the many properties take a few histories; a longer look
// is one flag away (-rapid.checks=1000).
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "10"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
