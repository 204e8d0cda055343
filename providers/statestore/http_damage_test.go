package statestore_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/auditlog"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/statestore"
	"github.com/rollcall-dev/rollcall/providers/statestore/storetest"
)

// TestWhatIsNoDocumentIsDisplacedOnlyOnce: a server that keeps something else at
// the state's address is not written to, not even to renew the lock, before that
// is kept on this machine and another state takes its place.
func TestWhatIsNoDocumentIsDisplacedOnlyOnce(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(document []byte) []byte{
		"cut in the middle": func(d []byte) []byte { return d[:len(d)/2] },
		"cut at its start":  func(d []byte) []byte { return d[:1] },
		"a page":            func([]byte) []byte { return []byte("<html>sign in</html>") },
		"Terraform's": func([]byte) []byte {
			return []byte(`{"version":4,"terraform_version":"1.9.0","serial":3,"lineage":"x"}`)
		},
		"of a serial beyond": func([]byte) []byte { return []byte(`{"serial": 90000000000, "lineage":"x"}`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &storetest.Terraform{}
			root := startHTTP(t, server)
			for i := range 3 {
				if err := addOne(root, fmt.Sprintf("user.u%d", i)); err != nil {
					t.Fatal(err)
				}
			}
			server.Document = spoil(server.Document)
			spoilt := bytes.Clone(server.Document)
			var damaged *providers.DamagedError
			if _, err := open(root).Read(t.Context()); !errors.As(err, &damaged) {
				t.Fatalf("read: got %v, want a DamagedError", err)
			}
			if _, held, err := open(root).Holder(t.Context()); held || err != nil {
				t.Errorf("holder: got %t, %v, want nobody", held, err)
			}
			session, err := openFor("http", root, shortLease/20).Lock(t.Context(), storetest.Info("careful"), 0)
			if err != nil {
				t.Fatal(err)
			}
			_, err = open(root).Lock(t.Context(), storetest.Info("second"), 0)
			if locked := (*providers.LockedError)(nil); !errors.As(err, &locked) || locked.Holder.ID != "careful" {
				t.Errorf("second lock: got %v, want a LockedError with its holder", err)
			}
			st, err := session.Salvage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := session.Save(t.Context(), &planner.State{}); err == nil {
				t.Error("save over it: got no error")
			}
			if _, err := session.Displace(t.Context(), st); err != nil {
				t.Fatal(err)
			}
			note := auditlog.Record{Kind: auditlog.Note, Apply: "1", Run: &auditlog.Run{Operation: "state push"}}
			if err := session.Record(t.Context(), []auditlog.Record{note}); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(server.Document, spoilt) {
				t.Errorf("before the save the server has\n%q\nwant\n%q", server.Document, spoilt)
			}
			if err := errors.Join(session.Save(t.Context(), st), session.Unlock(t.Context())); err != nil {
				t.Fatal(err)
			}
			_, displaced, err := statestore.Kept(t.Context(), open(root))
			if err != nil || !bytes.Equal(displaced, spoilt) {
				t.Errorf("kept (%v):\n%q\nwant\n%q", err, displaced, spoilt)
			}
			if err := addOne(root, "user.next"); err != nil {
				t.Fatal(err)
			}
			now, err := open(root).Read(t.Context())
			if err != nil || len(now.Apps) != 1 || len(now.Apps[0].Users) != 1 {
				t.Errorf("got %+v, %v; want the one person who was added since", now, err)
			}
		})
	}
}

// TestAReadThatFailsIsNoDamage: whatever the service says, what was not read may
// be sound.
func TestAReadThatFailsIsNoDamage(t *testing.T) {
	withFaults(t, func(t *testing.T, root string, f *storetest.Faults) {
		if err := addOne(root, "user.ann"); err != nil {
			t.Fatal(err)
		}
		for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusBadGateway} {
			f.Set(sometimes(1, status, false))
			_, err := open(root).Read(t.Context())
			if damaged := (*providers.DamagedError)(nil); err == nil || errors.As(err, &damaged) {
				t.Errorf("status %d: got %v, want an error that is no DamagedError", status, err)
			}
		}
	})
}
