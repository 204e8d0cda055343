//go:build unix

package gitrepo_test

import "syscall"

func pipe(path string) error { return syscall.Mkfifo(path, 0o600) }
