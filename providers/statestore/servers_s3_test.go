//go:build servers

package statestore_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rollcall-dev/rollcall/providers/statestore/storetest"
)

// s3URL returns the address of a Versity S3 Gateway of our own, which keeps a
// bucket in a folder. Its program is built by `make servers`.
func s3URL(t *testing.T) string {
	t.Helper()
	s := &s3Gateway
	s.once.Do(func() { s.err = startGateway(s) })
	if s.err != nil {
		t.Fatalf("start the S3 server: %v", s.err)
	}
	return s.address
}

func startGateway(s *server) error {
	program, err := filepath.Abs("../../bin/versitygw")
	if err == nil {
		_, err = os.Stat(program)
	}
	if err != nil {
		return errors.New("there is no bin/versitygw: run make servers")
	}
	if s.folder, err = os.MkdirTemp("", "rollcall-s3-"); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(s.folder, "bucket"), 0o700); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	s.cmd = exec.Command(program, "--port", port, "posix", s.folder)
	s.cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY=id", "ROOT_SECRET_KEY="+storetest.SecretOfTests)
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.address = "http://" + port
	return answers(func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address, nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err == nil {
			err = res.Body.Close()
		}
		return err
	})
}

// freePort returns an address on loopback that nobody listens at.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
