package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/providers/sandbox"
	"github.com/rollcall-dev/rollcall/providers/scim"
)

func TestTargetsPageIsCurrent(t *testing.T) {
	t.Parallel()
	wantPage(t, "targets.md", targetsPage())
}

const targetsHead = `# Targets

<!-- Written from the dialects in providers/scim and providers/sandbox; UPDATE=1 go test ./cmd/rollcall writes it anew. -->

A target is a service that accounts and groups are kept at. The language reference says which [arguments](language.md) it takes.

## The token

Without a ` + "`token`" + ` argument the token comes from ` + "`ROLLCALL_TOKEN_<host>`" + `, with dots as ` + "`_`" + `, dashes as ` + "`__`" + ` and the port left out
(` + "`ROLLCALL_TOKEN_acme_twingate_com`" + `), or from the file that ` + "`ROLLCALL_TOKEN_<host>_FILE`" + ` names. The name binds the token to its
host: a configuration that points elsewhere does not get it, and ` + "`env()`" + ` does not read it. Where ` + "`ROLLCALL_ALLOWED_HOSTS`" + ` is set (names, with commas between),
every other host is refused before a byte is sent. Redirects are never followed. ` + "`rollcall target check`" + ` says whether the token works.

Requests are encrypted with TLS 1.2 or better, and certificates are always verified; plain http is for loopback alone. A service whose
certificate comes from an authority of your own is trusted by way of the operating system, or, on Unix but macOS, of ` + "`SSL_CERT_FILE`" + ` (a
bundle that stands in place of the system's) or ` + "`SSL_CERT_DIR`" + `. A proxy is taken from ` + "`HTTPS_PROXY`" + ` and ` + "`NO_PROXY`" + `.

## What every target is held to

- A read is proven complete, or the plan fails: pages are counted by what arrived, ids must not repeat, totals must agree.
- A create whose answer was lost is looked up, by ` + "`externalId`" + ` and then by name, before anything is sent again.
- 429 is waited out as the target asks, in seconds or as a date; the rate is learned from it. 401 and 403 stop the run at once.
- Memberships go in requests of at most 100 values unless the dialect knows better. A member that is refused is left out, and reported.
- What the target holds besides the declared attributes is kept, also where it takes PUT alone.
- After an apply the target is read again: each change is confirmed, cannot be confirmed, or was accepted and is not in effect.

## Dialects

How services depart from the standard is data. ` + "`target \"scim\"`" + ` follows the standard; each field may be overridden in its block, as in
` + "`members { read = \"by_filter\" }`" + `. Nothing here was tried against a vendor's live service: the sources are what is known.
`

// targetsPage writes docs/targets.md.
func targetsPage() string {
	var b strings.Builder
	b.WriteString(targetsHead)
	for _, d := range scim.Dialects() {
		dialectSection(&b, d)
	}
	b.WriteString("\n## The sandbox\n\n`target \"sandbox\"` and `rollcall sandbox` serve SCIM 2.0 on loopback, kept in a file. It speaks these dialects:\n\n")
	for _, d := range sandbox.Dialects() {
		fmt.Fprintf(&b, "- `%s`\n", d.Name)
	}
	b.WriteString("\nEach can be given quirks after commas (`twingate,page-cap=10`):\n\n| quirk | what it does |\n|---|---|\n")
	for _, q := range sandbox.QuirkHelp() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", q[0], q[1])
	}
	fmt.Fprintf(&b, "\nFaults (`rollcall sandbox -fault='POST /Users 503 every=3'`):\n\n```text\n%s\n```\n", sandbox.FaultHelp)
	return b.String()
}

func dialectSection(b *strings.Builder, d scim.Dialect) {
	fmt.Fprintf(b, "\n### %s: %s\n\n", d.Name, d.Title)
	c := d.Capabilities()
	fmt.Fprintf(b, "Members are read `%s`, %d go in a request; pages of %d; ", c.Members, c.MembersPerRequest, d.Page.Max)
	if d.RequestsPerSecond > 0 {
		fmt.Fprintf(b, "%g requests a second.", d.RequestsPerSecond)
	} else {
		b.WriteString("no rate is published.")
	}
	b.WriteString("\n")
	if len(d.LockedMapping) > 0 {
		fmt.Fprintf(b, "The mapping is locked to `userName`, `externalId`, `active`, `%s`.\n", strings.Join(d.LockedMapping, "`, `"))
	}
	if len(d.Deviations) == 0 {
		return
	}
	b.WriteString("\n| field | departs from the standard | source | seen |\n|---|---|---|---|\n")
	for _, v := range d.Deviations {
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", v.Field, v.Text, v.Source, v.Seen)
	}
}

func TestVectorsPageIsCurrent(t *testing.T) {
	t.Parallel()
	wantPage(t, "vectors.md", vectorsPage(t))
}

const vectorsHead = `# Test vectors

<!-- Written from planner/testdata/vectors.txt; UPDATE=1 go test ./cmd/rollcall writes it anew. -->

Okta's assignment, life-cycle, matching and group-push semantics as 118 cases, and which test holds each. A scenario is a file in
a small language that says who there is, what is declared, what the target holds, and the changes, findings and end state that
must follow; after each one the changes are carried out on paper, and planning again must find nothing. The cases that need a
wire are tests of the client against a SCIM service.

| vector | held by |
|---|---|
`

// vectorsPage writes docs/vectors.md.
func vectorsPage(t *testing.T) string {
	t.Helper()
	f, err := os.Open("../../planner/testdata/vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b strings.Builder
	b.WriteString(vectorsHead)
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if id, elsewhere, _ := strings.Cut(lines.Text(), " "); id != "" && id != "#" {
			fmt.Fprintf(&b, "| %s | %s |\n", id, heldBy(t, id, elsewhere))
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// heldBy names the scenario files of a vector; S21a-d has four.
func heldBy(t *testing.T, id, elsewhere string) string {
	t.Helper()
	if elsewhere != "" {
		return elsewhere
	}
	pattern := strings.ReplaceAll(id, "a-d", "[a-d]") + ".txt"
	files, err := filepath.Glob("../../planner/testdata/scenarios/" + pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenario for %s (%v)", id, err)
	}
	for i, f := range files {
		files[i] = "[`" + filepath.Base(f) + "`](../planner/testdata/scenarios/" + filepath.Base(f) + ")"
	}
	return strings.Join(files, ", ")
}
