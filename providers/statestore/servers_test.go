//go:build servers

package statestore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// serverKinds are the stores on real servers, which the tests start.
func serverKinds() []kind {
	return []kind{
		{name: "postgres", leased: true, root: func(t *testing.T, name string) string {
			return "postgres|" + postgresURL(t) + "#" + name
		}},
		{name: "s3 gateway", leased: true, root: func(t *testing.T, name string) string {
			return "s3|" + s3URL(t) + "#state of " + name
		}},
	}
}

// server is a program that tests share. It is started by the first that needs
// it, and stopped with the test program.
type server struct {
	once    sync.Once
	folder  string
	address string
	cmd     *exec.Cmd
	err     error
}

var postgresServer, s3Gateway server

func stopServers() {
	postgresServer.stop(os.Interrupt)
	s3Gateway.stop(os.Interrupt)
}

func (s *server) stop(sig os.Signal) {
	if s.cmd != nil {
		_ = s.cmd.Process.Signal(sig)
		_ = s.cmd.Wait()
	}
	if s.folder != "" {
		_ = os.RemoveAll(s.folder)
	}
}

// postgresURL returns the address of a PostgreSQL of our own.
func postgresURL(t *testing.T) string {
	t.Helper()
	s := &postgresServer
	s.once.Do(func() { s.err = startPostgres(s) })
	if s.err != nil {
		t.Fatalf("start PostgreSQL: %v", s.err)
	}
	return "postgres://rollcall@/postgres?host=" + s.folder
}

// startPostgres makes a cluster in a folder of its own and starts it on a socket there.
func startPostgres(s *server) error {
	initdb, err := postgresProgram("initdb")
	if err != nil {
		return err
	}
	postgres, err := postgresProgram("postgres")
	if err != nil {
		return err
	}
	// Paths of sockets are short.
	if s.folder, err = os.MkdirTemp("/tmp", "rollcall-pg-"); err != nil {
		return err
	}
	owner, err := unprivileged(s.folder)
	if err != nil {
		return err
	}
	data := filepath.Join(s.folder, "data")
	made := exec.Command(initdb, "-D", data, "-U", "rollcall", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
	made.SysProcAttr, made.Dir = owner, s.folder
	if out, err := made.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	s.cmd = exec.Command(postgres, "-D", data, "-k", s.folder, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=300")
	s.cmd.SysProcAttr, s.cmd.Dir = owner, s.folder
	if err := s.cmd.Start(); err != nil {
		return err
	}
	return answers(func(ctx context.Context) error {
		conn, err := pgx.Connect(ctx, "postgres://rollcall@/postgres?host="+s.folder)
		if err == nil {
			err = conn.Close(ctx)
		}
		return err
	})
}

// answers waits until a server that was started answers.
func answers(ask func(context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		if err = ask(ctx); err == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

// postgresProgram finds a program where Debian keeps it, or in the path.
func postgresProgram(name string) (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err == nil && len(found) > 0 {
		return found[len(found)-1], nil
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", errors.New("there is no " + name + ": install postgresql")
	}
	return path, nil
}

// unprivileged gives folder to a user who is not root, where we are root:
// PostgreSQL refuses to be started by that one.
func unprivileged(folder string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	const nobody = 65534
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}, os.Chown(folder, nobody, nobody)
}
