package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// interruptible returns a context that the first Ctrl-C (or SIGTERM) cancels:
// no new request is sent, those in flight end, the state is saved. The second
// ends the process at once; what was sent is in the journal.
func interruptible(w io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		if _, ok := <-signals; !ok {
			return
		}
		fmt.Fprintln(w, "\nInterrupted: finishing the requests in flight and saving. Once more to stop at once.")
		cancel()
		if _, ok := <-signals; ok {
			os.Exit(exitInterrupted)
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(signals)
		cancel()
	}
}

const (
	gcPercent   = 400
	memoryLimit = 2 << 30
)

// tuneMemory trades memory for time: a command lives for seconds, so the
// collector may be lazy until the heap is large. GOGC and GOMEMLIMIT win.
func tuneMemory(lookup func(string) (string, bool)) {
	if _, set := lookup("GOGC"); set {
		return
	}
	debug.SetGCPercent(gcPercent)
	if _, set := lookup("GOMEMLIMIT"); !set {
		debug.SetMemoryLimit(memoryLimit)
	}
}
