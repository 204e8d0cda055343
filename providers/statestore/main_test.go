package statestore_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/statestore/storetest"
)

// The test program starts itself again as another process: these variables
// say what that one does, and where.
const (
	envRole = "STATESTORE_TEST_ROLE"
	envRoot = "STATESTORE_TEST_ROOT"
	envName = "STATESTORE_TEST_NAME"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(envRole); role != "" {
		if err := roles[role](os.Getenv(envRoot), os.Getenv(envName)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

var roles = map[string]func(root, name string) error{"writer": writer, "dier": dier}

// saves is how often each writer saves.
const saves = 8

// writer adds people to the state, one a save, in turn with other writers.
func writer(root, name string) error {
	for i := range saves {
		if err := addOne(root, fmt.Sprintf("user.%s%d", name, i)); err != nil {
			return err
		}
	}
	return nil
}

func addOne(root, key string) error {
	ctx, store := context.Background(), open(root)
	session, err := store.Lock(ctx, storetest.Info(key), time.Minute)
	if err != nil {
		return err
	}
	st, err := store.Read(ctx)
	if err != nil {
		return err
	}
	c := planner.Change{App: "app", Kind: planner.KindUser, Key: key, Action: planner.Create, Link: planner.Link{Name: key}}
	o := planner.Outcome{RemoteID: key, At: clock()}
	if err := session.Intend(c); err != nil {
		return err
	}
	if err := session.Settle(c, o, nil); err != nil {
		return err
	}
	st.Record(c, o)
	if err := session.Save(ctx, st); err != nil {
		return err
	}
	return session.Unlock(ctx)
}

// dier begins a create, says so, and waits to be killed.
func dier(root, name string) error {
	session, err := open(root).Lock(context.Background(), storetest.Info(name), 0)
	if err != nil {
		return err
	}
	if err := session.Intend(planner.Change{App: "app", Kind: planner.KindUser, Key: name, Action: planner.Create}); err != nil {
		return err
	}
	fmt.Println("ready")
	select {}
}

// process starts another one in a role.
func process(t *testing.T, role, root, name string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envRole+"="+role, envRoot+"="+root, envName+"="+name)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestWritersInSeveralProcessesLoseNothingOfEachOther(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
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
}

func TestLockOfAProcessThatDiedIsFree(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	cmd := process(t, "dier", root, "user.ann")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make([]byte, len("ready"))
	if _, err := out.Read(ready); err != nil || string(ready) != "ready" {
		t.Fatalf("the other process said %q: %v", ready, err)
	}
	_, err = open(root).Lock(t.Context(), storetest.Info("other"), 0)
	if err == nil || !strings.Contains(err.Error(), "ann@ci") {
		t.Errorf("lock while it lives: got %v, want an error that names who holds it", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	diedButIntended(t, open(root))
}

func diedButIntended(t *testing.T, store providers.Store) {
	t.Helper()
	session, err := store.Lock(t.Context(), storetest.Info("next"), 0)
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
