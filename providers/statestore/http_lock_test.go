package statestore_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/statestore"
	"github.com/rollcall-dev/rollcall/providers/statestore/storetest"
)

// lockAs takes the lock of the state at root by hand, as one does who dies
// before their first write: called id, and taken at created.
func lockAs(t *testing.T, root, id string, created time.Time) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"ID": id, "Who": "dead@ci", "Operation": "apply", "Created": created})
	if err != nil {
		t.Fatal(err)
	}
	_, at, _ := strings.Cut(root, "|")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at+"/lock", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(storetest.TerraformUser, storetest.SecretOfTests)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("lock by hand: status %d, %v", res.StatusCode, err)
	}
}

func TestALockUnderWhichNothingWasWrittenIsFreeWhenItsLeaseIsOver(t *testing.T) {
	t.Parallel()
	const lease = statestore.DefaultHTTPLease
	for name, test := range map[string]struct {
		age   time.Duration
		first bool // no run has ever written a state there
		free  bool
	}{
		"just taken":                    {age: 0},
		"taken most of a lease ago":     {age: lease - 10*time.Second},
		"taken a lease ago":             {age: lease + 10*time.Second, free: true},
		"by whoever, where no state is": {age: lease + 10*time.Second, first: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := startHTTP(t, &storetest.Terraform{})
			if !test.first {
				if err := addOne(root, "user.ann"); err != nil {
					t.Fatal(err)
				}
			}
			lockAs(t, root, "dead", time.Now().Add(-test.age))
			session, err := open(root).Lock(t.Context(), storetest.Info("next"), 0)
			if !test.free {
				var locked *providers.LockedError
				if !errors.As(err, &locked) || locked.Holder.ID != "dead" {
					t.Errorf("lock: got %v, want an error that names who holds it", err)
				}
				return
			}
			if err != nil {
				t.Fatalf("lock: %v", err)
			}
			if err := session.Unlock(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestWhoWaitsTakesALockOverThatTellsNoTime(t *testing.T) {
	t.Parallel()
	root := startHTTP(t, &storetest.Terraform{})
	lockAs(t, root, "dead", time.Time{})
	session, err := openFor("http", root, shortLease).Lock(t.Context(), storetest.Info("next"), time.Minute)
	if err != nil {
		t.Fatalf("lock: %v", err)
	}
	if err := session.Unlock(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// clockOf is a server whose clock is wrong. It remembers when locks say that
// they were taken.
type clockOf struct {
	server http.Handler
	ahead  time.Duration
	taken  chan time.Time
}

func (c clockOf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", time.Now().Add(c.ahead).UTC().Format(http.TimeFormat))
	if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/lock") {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		var said struct{ Created time.Time }
		_ = json.Unmarshal(body, &said)
		c.taken <- said.Created
	}
	c.server.ServeHTTP(w, r)
}

func TestALockSaysByTheServersClockWhenItWasTaken(t *testing.T) {
	t.Parallel()
	c := clockOf{&storetest.Terraform{}, 5 * time.Hour, make(chan time.Time, 10)}
	if err := addOne(startHTTP(t, c), "user.ann"); err != nil {
		t.Fatal(err)
	}
	if off := (time.Until(<-c.taken) - c.ahead).Abs(); off > time.Minute {
		t.Errorf("the lock was taken %v off the server's clock", off)
	}
}
