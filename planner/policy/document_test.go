package policy_test

import (
	"bytes"
	"testing"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/planfile"
)

// encoded is the plan's JSON document.
func encoded(t *testing.T, p *planner.Plan) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := planfile.Encode(&b, p, planfile.Meta{}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
