// Command launch runs the command that its arguments are and prints what it
// took, as JSON. It is small on purpose: Linux counts the memory of the process
// that starts another one among what that one had at its peak.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

func main() {
	c := exec.Command(os.Args[1], os.Args[2:]...)
	began := time.Now()
	out, err := c.CombinedOutput()
	took := time.Since(began)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%v: %v\n%s", c.Args, err, out)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(map[string]int64{
		"Wall": int64(took),
		"CPU":  int64(c.ProcessState.UserTime() + c.ProcessState.SystemTime()),
		"Peak": c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss * 1024,
	})
}
