package main

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/cli"
)

// sealed is rollcall in a process that the kernel kills the moment it asks for a
// socket of any kind or starts another program.
func sealed() {
	if err := seal(); err != nil {
		fmt.Fprintln(os.Stderr, "seal the process:", err)
		os.Exit(99)
	}
	os.Exit(cli.Main(os.Args[1:]))
}

// sealedCalls are the system calls that a sealed process dies of. What asks the
// kernel by way of io_uring could open a socket without one of the others.
var sealedCalls = []uint32{
	unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_SENDTO, unix.SYS_SENDMSG,
	unix.SYS_IO_URING_SETUP, unix.SYS_EXECVE, unix.SYS_EXECVEAT,
}

// architectures are those that the seal knows, by Go's name.
var architectures = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// Where a filter finds the number of the system call and the architecture.
const (
	callOffset         = 0
	architectureOffset = 4
	// otherABI is the first number of the calls of amd64's other ABI.
	otherABI = 0x40000000
)

// seal puts the filter on all threads of the process. It cannot be taken off.
func seal() error {
	architecture, known := architectures[runtime.GOARCH]
	if !known {
		return fmt.Errorf("not on %s", runtime.GOARCH)
	}
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	kill := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_KILL_PROCESS}
	filter := []unix.SockFilter{
		load(architectureOffset),
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: architecture, Jt: 1}, kill,
		load(callOffset),
		{Code: unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K, K: otherABI, Jf: 1}, kill,
	}
	for _, call := range sealedCalls {
		filter = append(filter, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: call, Jf: 1}, kill)
	}
	filter = append(filter, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	other, _, failed := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if failed != 0 || other != 0 {
		return fmt.Errorf("seccomp: thread %d: %w", other, failed)
	}
	return nil
}
