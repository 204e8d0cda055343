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
	gcPercent   = 200
	memoryLimit = 1800 << 20
)

// TuneMemory trades memory for time: a command lives for seconds, so the
// collector may be lazy until the heap is large. At 200 a plan of 100,000
// people stays under 300 MB; beyond it little time is won. GOGC and GOMEMLIMIT,
// which lookup finds, win.
func TuneMemory(lookup func(string) (string, bool)) {
	if _, set := lookup("GOGC"); set {
		return
	}
	debug.SetGCPercent(gcPercent)
	if _, set := lookup("GOMEMLIMIT"); !set {
		debug.SetMemoryLimit(memoryLimit)
	}
}
