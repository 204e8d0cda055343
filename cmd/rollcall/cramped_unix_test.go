//go:build unix

package main

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/cli"
)

// cramped is rollcall where no file may grow beyond so many bytes, which fails as
// a disk does that is full: in the middle of a write. CRAMPED says how many.
func cramped() {
	size, err := strconv.ParseUint(os.Getenv("CRAMPED"), 10, 64)
	if err == nil {
		signal.Ignore(unix.SIGXFSZ) // which would end the process
		err = unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: size})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "limit the size of files:", err)
		os.Exit(99)
	}
	os.Exit(cli.Main(os.Args[1:]))
}
