package render

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/planner/policy"
	"github.com/rollcall-dev/rollcall/schema"
)

// TestJUnitIsXMLWhateverNamesHold: the document is read back with what it says.
func TestJUnitIsXMLWhateverNamesHold(t *testing.T) {
	t.Parallel()
	hostile := "a\x00\x1b<b>&\"]]>\uFFFE\xff"
	var j JUnit
	f := &schema.TestFile{Name: hostile + ".test.hcl", Runs: []schema.Run{{Name: "one"}, {Name: "two"}, {Name: "three"}}}
	why := schema.Diagnostics{{Severity: schema.Error, Summary: "No", Detail: hostile}}
	err := j.Add(f, []*policy.Outcome{{Status: policy.Pass}, {Status: policy.Fail, Findings: why}, {Status: policy.Broken, Findings: why}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Add(&schema.TestFile{Name: "wrong.test.hcl", Findings: why}, nil, nil); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := j.Write(&out); err != nil {
		t.Fatal(err)
	}
	var got junitSuites
	if err := xml.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatalf("%v in\n%s", err, out.String())
	}
	if got.Tests != 4 || got.Failures != 1 || got.Errors != 2 || len(got.Suites) != 2 {
		t.Errorf("counts are %+v", got)
	}
	cases := got.Suites[0].Cases
	if len(cases) != 3 || cases[0].Failure != nil || cases[1].Failure == nil || cases[2].Error == nil || !strings.Contains(cases[1].Failure.Text, "<b>&") {
		t.Errorf("cases are %+v", cases)
	}
}
