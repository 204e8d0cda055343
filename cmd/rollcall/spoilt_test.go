package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// spoilt are the ways that a file is spoilt in: a byte is another one here and
// there, or the end is missing.
func spoilt(content []byte) map[string][]byte {
	all := map[string][]byte{"empty": {}}
	content = bytes.TrimSpace(content) // a line break at the end means nothing
	const places = 5                   // every byte and every length is tried where plans and states are read
	for place := range places {
		at := place * (len(content) - 1) / (places - 1)
		changed := bytes.Clone(content)
		changed[at] ^= 0x01
		all[fmt.Sprintf("byte %d of %d changed", at, len(content))] = changed
		if at > 0 {
			all[fmt.Sprintf("cut after %d of %d bytes", at, len(content))] = content[:at]
		}
	}
	return all
}

// wayOut matches what the errors tell to do.
var wayOut = regexp.MustCompile(`(?i)plan again|new plan|make it anew|backup|restore|rebuild|not a plan file|is no plan|is no state`)

// TestSpoiltPlansAndStatesAreRefusedBeforeAnythingIsSent applies a plan, and
// plans from a state, that somebody or something has changed.
func TestSpoiltPlansAndStatesAreRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	k := newKilling(t)
	root := k.today(t)
	c, out := k.command(root, "plan", "-out=plan.json")
	if err := c.Run(); err != nil {
		t.Fatalf("plan: %v\n%s", err, out)
	}
	for file, args := range map[string][]string{
		"plan.json": {"apply", "plan.json"}, filepath.Join(".rollcall", "state.json"): {"apply", "-auto-approve"},
	} {
		name := filepath.Join(root, file)
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for how, content := range spoilt(whole) {
			write(t, name, string(content))
			c, out := k.command(root, args...)
			_ = c.Run()
			if code := c.ProcessState.ExitCode(); code != 1 || !wayOut.MatchString(out.String()) {
				t.Errorf("%s, %s: exit code %d, want 1 and a way out:\n%s", file, how, code, out)
			}
		}
		write(t, name, string(whole))
	}
	if k.writes != 0 {
		t.Errorf("%d requests that write were sent", k.writes)
	}
	k.finish(t, root)
	k.check(t)
}
