package statestore_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/statestore"
	"github.com/rollcall-dev/rollcall/providers/statestore/storetest"
)

// shortLease is how long a lock outlives a holder who died, where a test waits
// for that.
const shortLease = 2 * time.Second

// kind is a kind of store. Root makes an empty place, called name, for one test.
type kind struct {
	name string
	root func(t *testing.T, name string) string
	// leased: the lock of a holder who died is free after a while, not at once.
	leased bool
}

// kinds are all that can be tested here.
func kinds() []kind {
	return append([]kind{
		{name: "file", root: func(t *testing.T, _ string) string { return t.TempDir() }},
		{name: "s3", leased: true, root: func(t *testing.T, _ string) string { return startS3(t, &storetest.S3{}) }},
		{name: "http", leased: true, root: func(t *testing.T, _ string) string { return startHTTP(t, &storetest.Terraform{}) }},
	}, serverKinds()...)
}

// startS3 starts a bucket and returns the root of a state in it.
func startS3(t *testing.T, s http.Handler) string {
	t.Helper()
	return "s3|" + serve(t, s) + "#folder/state of " + plainName(t)
}

// startHTTP starts a server of Terraform's protocol and returns the root of its state.
func startHTTP(t *testing.T, s http.Handler) string {
	t.Helper()
	return "http|" + serve(t, s) + "/api/v4/projects/1/terraform/state/" + plainName(t)
}

func plainName(t *testing.T) string { return strings.ReplaceAll(t.Name(), "/", "+") }

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// each runs a test for every kind of store.
func each(t *testing.T, test func(t *testing.T, k kind, root string)) {
	t.Parallel()
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			test(t, k, k.root(t, plainName(t)))
		})
	}
}

// place is a root as a place of the suite.
type place string

func (p place) Open() providers.Store { return open(string(p)) }

func (p place) Spoil(ctx context.Context, with statestore.Spoiling) error {
	return statestore.Spoil(ctx, p.Open(), with)
}

func (p place) Kept(ctx context.Context) (used, displaced []byte, err error) {
	return statestore.Kept(ctx, p.Open())
}

func TestEveryKindIsAStore(t *testing.T) {
	t.Parallel()
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			at := func(t *testing.T) storetest.Place { return place(k.root(t, plainName(t))) }
			storetest.Run(t, at)
			if k.name != "http" { // each machine has a log of its own
				storetest.RunLogEnd(t, at)
			}
		})
	}
}

func TestWritersInSeveralProcessesLoseNothingOfEachOther(t *testing.T) {
	each(t, func(t *testing.T, _ kind, root string) {
		names := []string{"a", "b", "c", "d"}
		var running []*exec.Cmd
		for _, name := range names {
			cmd := process(t, "writer", root, name)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			running = append(running, cmd)
		}
		for _, cmd := range running {
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		}
		st, err := open(root).Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := len(names) * saves
		if len(st.Apps) != 1 || len(st.Apps[0].Users) != want || st.Serial != uint64(want) {
			t.Errorf("got serial %d and apps %v, want %d people and as many saves", st.Serial, st.Apps, want)
		}
	})
}

// started is another process that said that it holds the lock.
type started struct {
	*exec.Cmd
	in   io.WriteCloser
	name string
}

// start starts a process that takes the lock.
func start(t *testing.T, role, root, name string) started {
	t.Helper()
	cmd := process(t, role, root, name)
	cmd.Env = append(cmd.Env, envLease+"="+shortLease.String())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make([]byte, len("ready"))
	if _, err := io.ReadFull(out, ready); err != nil {
		t.Fatalf("the other process said %q: %v", ready, err)
	}
	return started{cmd, in, name}
}

func TestLockOfAProcessThatDiedIsFree(t *testing.T) {
	each(t, func(t *testing.T, _ kind, root string) {
		cmd := start(t, "dier", root, "user.ann")
		_, err := open(root).Lock(t.Context(), storetest.Info("other"), 0)
		if err == nil || !strings.Contains(err.Error(), "ann@ci") {
			t.Errorf("lock while it lives: got %v, want an error that names who holds it", err)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		diedButIntended(t, open(root))
	})
}

func diedButIntended(t *testing.T, store providers.Store) {
	t.Helper()
	session, err := store.Lock(t.Context(), storetest.Info("next"), time.Minute)
	if err != nil {
		t.Fatalf("lock after it died: %v", err)
	}
	st, err := store.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(st.Intents) != 1 || st.Intents[0].Key != "user.ann" {
		t.Errorf("intents are %v, want that of who died", st.Intents)
	}
	if err := session.Unlock(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestAHolderThatSleptLongerThanItsLeaseWritesNothingMore(t *testing.T) {
	each(t, func(t *testing.T, k kind, root string) {
		cmd := start(t, "sleeper", root, "user.ann")
		if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		if !k.leased {
			// Its lock ends with it alone; somebody breaks it.
			if err := open(root).ForceUnlock(t.Context(), "user.ann"); err != nil {
				t.Fatal(err)
			}
		}
		diedButIntended(t, open(root))
		if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(cmd.in, "go on\n"); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the sleeper: %v", err)
		}
		if st, err := open(root).Read(t.Context()); err != nil || st.Serial != 0 {
			t.Errorf("the state has serial %d, %v; want it as it was", st.Serial, err)
		}
	})
}
