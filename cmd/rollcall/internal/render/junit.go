package render

import (
	"encoding/xml"
	"io"
	"strings"

	"github.com/rollcall-dev/rollcall/planner/policy"
	"github.com/rollcall-dev/rollcall/schema"
)

// JUnit gathers the results of tests for the XML that CI systems show. The zero
// value has none.
type JUnit struct{ suites junitSuites }

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string       `xml:"name,attr"`
	Class   string       `xml:"classname,attr"`
	File    string       `xml:"file,attr"`
	Line    uint32       `xml:"line,attr,omitempty"`
	Failure *junitReason `xml:"failure"`
	Error   *junitReason `xml:"error"`
}

type junitReason struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// Add takes the results of one file. A file with errors is one test that could
// not be carried out. src is as for [Diagnostics].
func (j *JUnit) Add(f *schema.TestFile, outcomes []*policy.Outcome, src map[string][]byte) error {
	var n TestCount
	n.Add(outcomes, f.Findings)
	name := xmlText(f.Name)
	suite := junitSuite{Name: name, Failures: n.Failed, Errors: n.Errored}
	if f.Findings.HasErrors() {
		why, err := reasonOf(f.Findings, src)
		if err != nil {
			return err
		}
		suite.Cases = append(suite.Cases, junitCase{Name: name, Class: name, File: name, Error: why})
	}
	for i, o := range outcomes {
		c := junitCase{Name: xmlText(f.Runs[i].Name), Class: name, File: name, Line: f.Runs[i].Origin.Line}
		why, err := reasonOf(o.Findings, src)
		if err != nil {
			return err
		}
		switch o.Status {
		case policy.Fail:
			c.Failure = why
		case policy.Broken:
			c.Error = why
		}
		suite.Cases = append(suite.Cases, c)
	}
	suite.Tests = len(suite.Cases)
	s := &j.suites
	s.Tests, s.Failures, s.Errors = s.Tests+suite.Tests, s.Failures+suite.Failures, s.Errors+suite.Errors
	s.Suites = append(s.Suites, suite)
	return nil
}

// reasonOf writes findings as text; nil without any.
func reasonOf(found schema.Diagnostics, src map[string][]byte) (*junitReason, error) {
	if len(found) == 0 {
		return nil, nil
	}
	var text strings.Builder
	if err := Diagnostics(&text, found, src, Style{}); err != nil {
		return nil, err
	}
	return &junitReason{Message: xmlText(Prose(found[0].Detail)), Text: xmlText(text.String())}, nil
}

// xmlText drops the characters that XML 1.0 cannot hold.
func xmlText(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r', 0x20 <= r && r <= 0xD7FF, 0xE000 <= r && r <= 0xFFFD, 0x10000 <= r && r <= 0x10FFFF:
			return r
		}
		return -1
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// Write writes the document.
func (j *JUnit) Write(w io.Writer) error {
	j.suites.Name = "rollcall test"
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(j.suites); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
