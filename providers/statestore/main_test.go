package statestore_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"go.uber.org/goleak"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/sealed"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/statestore"
	"github.com/rollcall-dev/rollcall/providers/statestore/storetest"
	"github.com/rollcall-dev/rollcall/schema"
)

// The test program starts itself again as another process: these variables
// say what that one does, and where.
const (
	envRole  = "STATESTORE_TEST_ROLE"
	envRoot  = "STATESTORE_TEST_ROOT"
	envName  = "STATESTORE_TEST_NAME"
	envLease = "STATESTORE_TEST_LEASE"
	// envLogs is where audit logs are for which a kind has no place.
	envLogs = "STATESTORE_TEST_LOGS"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(envRole); role != "" {
		if err := roles[role](os.Getenv(envRoot), os.Getenv(envName)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	logs, err := os.MkdirTemp("", "rollcall-logs-")
	if err != nil {
		panic(err)
	}
	_ = os.Setenv(envLogs, logs)
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(logs)
		stopServers()
		os.Exit(code)
	}))
}

var roles = map[string]func(root, name string) error{"writer": writer, "dier": dier, "sleeper": sleeper, "runner": runner}

// open opens the store at root, which is a folder, or "KIND|PLACE" of another
// kind, as another process would.
func open(root string) providers.Store { return openWith(root, nil) }

// openWith opens the store at root with a cipher, which may be nil.
func openWith(root string, c sealed.Cipher) providers.Store {
	kind, _, remote := strings.Cut(root, "|")
	if !remote {
		return openFile(root).Encrypted(c)
	}
	lease, _ := time.ParseDuration(os.Getenv(envLease)) // none means the default
	return openRemote(kind, root, lease, c)
}

func openFor(kind, root string, lease time.Duration) providers.Store {
	return openRemote(kind, root, lease, nil)
}

func openRemote(kind, root string, lease time.Duration, c sealed.Cipher) providers.Store {
	o := statestore.RemoteOptions{NewLineage: rand.Text, Now: clock, Lease: lease, Cipher: c}
	_, at, _ := strings.Cut(root, "|")
	var s *statestore.Remote
	var err error
	switch kind {
	case "postgres":
		address, name, _ := strings.Cut(at, "#")
		s, err = statestore.NewPostgres(statestore.PostgresOptions{RemoteOptions: o, URL: address, Name: name})
	case "s3":
		address, key, _ := strings.Cut(at, "#")
		s, err = statestore.NewS3(statestore.S3Options{
			RemoteOptions: o, Endpoint: address, Bucket: "bucket", Key: key,
			Credentials: credentials.NewStaticCredentialsProvider("id", storetest.SecretOfTests, ""),
		})
	case "http":
		s, err = statestore.NewHTTP(statestore.HTTPOptions{
			Log:           filepath.Join(os.Getenv(envLogs), url.PathEscape(at), "audit.log"),
			RemoteOptions: o, Address: at, LockAddress: at + "/lock", LockMethod: "POST", UnlockMethod: "DELETE",
			Username: storetest.TerraformUser, Password: schema.NewSecret(func() (string, error) { return storetest.SecretOfTests, nil }),
		})
	}
	if err != nil {
		panic(err)
	}
	return s
}

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

// sleeper takes the lock and is stopped: when it goes on, its lock is somebody
// else's, and whatever it tries must fail. It says what did not.
func sleeper(root, name string) error {
	ctx := context.Background()
	session, err := open(root).Lock(ctx, storetest.Info(name), 0)
	if err != nil {
		return err
	}
	change := func(key string) planner.Change {
		return planner.Change{App: "app", Kind: planner.KindUser, Key: key, Action: planner.Create}
	}
	if err := session.Intend(change(name)); err != nil {
		return err
	}
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	if err := session.Intend(change("user.late")); err == nil {
		return errors.New("it intends without the lock")
	}
	if err := session.Held(); err == nil {
		return errors.New("it believes to hold the lock")
	}
	if err := session.Save(ctx, &planner.State{}); err == nil {
		return errors.New("it saves without the lock")
	}
	return session.Unlock(ctx)
}
