package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOrganisationConverges applies a made-up organisation with the
// irregularities of real ones (handles in mixed case and with dashes, some that
// begin with a digit, teams in teams, empty teams, people in teams who are not
// in the organisation, descriptions with quotes and templates in them) and
// plans again: nothing may be left.
func TestOrganisationConverges(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"scim", "twingate", "aws"} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			o := organisation(300, 70)
			if err := os.WriteFile(filepath.Join(dir, "org.hcl"), o.config(dialect), 0o600); err != nil {
				t.Fatal(err)
			}
			s := newShell(t, dir)
			if out := s.run("rollcall apply -auto-approve"); strings.Contains(out, "\n[exit ") || !strings.Contains(out, "Apply complete!") {
				t.Fatalf("apply:\n%s", lastLines(out))
			}
			if out := s.run("rollcall plan -detailed-exitcode"); strings.Contains(out, "\n[exit ") || !strings.Contains(out, "No changes.") {
				t.Errorf("plan after apply:\n%s", lastLines(out))
			}
			if out := s.run("rollcall drift"); strings.Contains(out, "\n[exit 2]") {
				t.Errorf("drift after apply:\n%s", lastLines(out))
			}
		})
	}
}

// org is a made-up organisation: handles, teams, and who of them is in it.
type org struct {
	handles []string
	outside int
	teams   []team
}

type team struct {
	name, description string
	members           []int
	parent            int
}

// organisation makes one of that many people and teams, always the same.
func organisation(people, teams int) *org {
	r := rand.New(rand.NewPCG(7, 11))
	syllables := []string{"an", "Bo", "cer", "di", "El", "fu", "-go", "Hal", "in", "Jo", "ka", "lu", "mi", "No", "Q", "8", "x"}
	o := &org{outside: people / 10}
	for i := range people {
		var b strings.Builder
		if i%40 == 7 {
			b.WriteString("0")
		}
		b.WriteString("p")
		for range 2 + r.IntN(3) {
			b.WriteString(syllables[r.IntN(len(syllables))])
		}
		fmt.Fprintf(&b, "%d", i)
		o.handles = append(o.handles, b.String())
	}
	for i := range teams {
		t := team{name: fmt.Sprintf("team-%d-%s", i, syllables[r.IntN(len(syllables))]), parent: -1}
		t.description = fmt.Sprintf("owns \"thing %d\", ${not} a template, 100%%{ sure", i)
		if i > 10 && i%4 == 0 {
			t.parent = r.IntN(i)
		}
		if i%9 != 0 {
			t.members = r.Perm(people)[:r.IntN(25)]
		}
		o.teams = append(o.teams, t)
	}
	return o
}

// config writes the organisation down: half of the teams name people by
// reference, half by login, in whatever case.
func (o *org) config(dialect string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "target \"sandbox\" \"t\" {\n  dialect = %q\n}\n\napp \"code\" {\n  target = target.sandbox.t\n}\n\n", dialect)
	b.WriteString("assignment \"org\" {\n  app    = app.code\n  groups = [group.org]\n}\n\ngroup \"org\" {\n  members = [\n")
	for i := o.outside; i < len(o.handles); i++ {
		fmt.Fprintf(&b, "    user.%s,\n", label(o.handles[i]))
	}
	b.WriteString("  ]\n}\n\n")
	for i, h := range o.handles {
		fmt.Fprintf(&b, "user %q {\n  login      = \"%s@Org.example\"\n  first_name = %q\n  last_name  = \"O'Ñandú\"\n}\n\n", label(h), h, fmt.Sprintf("Né %d", i))
	}
	for i := range o.teams {
		o.teams[i].write(&b, o, i)
	}
	return b.Bytes()
}

func (t *team) write(b *bytes.Buffer, o *org, n int) {
	quoted := strings.NewReplacer("${", "$${", "%{", "%%{").Replace(fmt.Sprintf("%q", t.description))
	fmt.Fprintf(b, "group %q {\n  name        = %q\n  description = %s\n  members = [", t.name, t.name, quoted)
	for i, p := range t.members {
		if i > 0 {
			b.WriteString(", ")
		}
		if n%2 == 0 {
			fmt.Fprintf(b, "user.%s", label(o.handles[p]))
		} else {
			fmt.Fprintf(b, "%q", strings.ToUpper(o.handles[p])+"@org.example")
		}
	}
	b.WriteString("]\n")
	if t.parent >= 0 {
		fmt.Fprintf(b, "  include_groups = [group.%s]\n", o.teams[t.parent].name)
	}
	fmt.Fprintf(b, "}\n\npush_group %q {\n  app   = app.code\n  group = group.%s\n}\n\n", t.name, t.name)
}

// label makes a block's label of a handle: one that begins with a digit would
// not be a name.
func label(handle string) string {
	if handle[0] >= '0' && handle[0] <= '9' {
		return "_" + handle
	}
	return handle
}

// lastLines keeps a failure readable.
func lastLines(out string) string {
	lines := strings.Split(out, "\n")
	return strings.Join(lines[max(0, len(lines)-40):], "\n")
}
