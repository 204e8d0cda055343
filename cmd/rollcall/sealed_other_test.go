//go:build !linux

package main

import (
	"fmt"
	"os"
)

// sealed says that only Linux can hold a process to opening no socket.
func sealed() {
	fmt.Fprintln(os.Stderr, "no process is sealed on this system")
	os.Exit(99)
}
