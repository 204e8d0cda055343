package main

import (
	"os/exec"
	"strings"
	"testing"
)

func TestACampaignFailsUnlessEveryKindRanAndNothingWasLost(t *testing.T) {
	t.Parallel()
	const (
		ended = "exit code of all: 0\n"
		one   = "    x_test.go:7: TestOne/scim: runs 12, kills 5, 503 after the write 2: lost 0, duplicated 0, worst time to stop in ms 40\n"
		other = "    x_test.go:7: TestOne/put: runs 3, kills 1: lost 0, duplicated 0, worst time to stop in ms 9\n"
		two   = "    x_test.go:9: TestTwo: runs 4, cuts 4: lost 0, two writers 0 (at 24 states in 1m2s)\n"
		drawn = "    p_test.go:3: [rapid] OK, passed 1000 tests (1.5s)\n--- PASS: TestTwo (1.52s)\n"
	)
	for name, test := range map[string]struct {
		said, want string
		good       bool
	}{
		"all is well":           {one + other + two + ended, "kills 6", true},
		"the worst of all":      {one + other + two + ended, "worst time to stop in ms 40", true},
		"histories":             {one + drawn + ended, "histories 1000", true},
		"a kind is missing":     {one + other + ended, "nothing was heard of TestTwo", false},
		"a kind had no runs":    {one + strings.Replace(two, "runs 4", "runs 0", 1) + ended, "TestTwo: no runs", false},
		"a kind had no faults":  {one + strings.Replace(two, "cuts 4", "cuts 0", 1) + ended, "TestTwo: no faults", false},
		"something was lost":    {one + strings.Replace(other, "lost 0", "lost 1", 1) + two + ended, "TestOne/put: lost 1", false},
		"two wrote at a time":   {one + strings.Replace(two, "writers 0", "writers 2", 1) + ended, "TestTwo: two writers 2", false},
		"the tests failed":      {one + two + "exit code of all: 1\n", "exit code 1", false},
		"the tests were killed": {one + two, "cut short", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := exec.Command("awk", "-v", "kinds=TestOne TestTwo", "-f", "../../.ci/campaign.awk")
			c.Stdin = strings.NewReader(test.said)
			out, err := c.Output()
			if said := strings.Join(strings.Fields(string(out)), " "); (err == nil) != test.good || !strings.Contains(said, test.want) {
				t.Errorf("got %v, want good %t and %q in\n%s", err, test.good, test.want, out)
			}
		})
	}
}
