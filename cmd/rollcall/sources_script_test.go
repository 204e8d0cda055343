package main

import (
	"bytes"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rollcall-dev/rollcall/planner/statefile"
)

// backdate has the reads of directories that a state doubts noted earlier than
// they were, as if somebody had waited: backdate FILE DURATION.
func backdate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: backdate FILE DURATION")
	}
	earlier, err := time.ParseDuration(args[1])
	ts.Check(err)
	state, err := statefile.Decode(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	doubted := 0
	for i := range state.Directories {
		if d := &state.Directories[i].Doubted; d.Digest != "" {
			d.At = d.At.Add(-earlier)
			doubted++
		}
	}
	if doubted == 0 {
		ts.Fatalf("%s doubts no read", args[0])
	}
	var out bytes.Buffer
	ts.Check(statefile.Encode(&out, state))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out.Bytes(), 0o600))
}
