package load

import (
	"fmt"
	"sync"
	"testing"

	"github.com/rollcall-dev/rollcall/schema"
)

// TestConditionsMayBeEvaluatedConcurrently is for the race detector: one
// condition that compiles to closures, and one that hcl evaluates.
func TestConditionsMayBeEvaluatedConcurrently(t *testing.T) {
	t.Parallel()
	config := loadOne(t, "locals {\n  names = [\"u1\", \"u2\"]\n}\ngroup \"g\" {\n  rule {\n    condition = contains(local.names, principal.login)\n  }\n"+
		"  rule {\n    condition = length([for n in local.names : n if n == principal.login]) == 1\n  }\n}\n")
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			u := &schema.User{Login: fmt.Sprintf("u%d", i)}
			for _, rule := range config.Groups[0].Rules {
				got, err := rule.Condition.Holds(u, nil)
				if want := i == 1 || i == 2; got != want || err != nil {
					t.Errorf("condition for %s = %v, %v, want %v", u.Login, got, err, want)
				}
			}
		})
	}
	wait.Wait()
}
