package statestore_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers/statestore"
	"github.com/rollcall-dev/rollcall/providers/statestore/storetest"
)

// faulty are the kinds whose server fails as a test wants.
var faulty = map[string]func(*testing.T, *storetest.Faults) string{
	"s3": func(t *testing.T, f *storetest.Faults) string {
		f.Server = &storetest.S3{}
		return startS3(t, f)
	},
	"http": func(t *testing.T, f *storetest.Faults) string {
		f.Server = &storetest.Terraform{}
		return startHTTP(t, f)
	},
}

// withFaults runs a test for every kind that can be made to fail.
func withFaults(t *testing.T, test func(t *testing.T, root string, f *storetest.Faults)) {
	t.Parallel()
	for name, start := range faulty {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var f storetest.Faults
			root := start(t, &f)
			test(t, root, &f)
		})
	}
}

// sometimes fails every nth request with code, before or after it is carried out.
func sometimes(n int64, code int, when bool) func(*http.Request, bool) int {
	var asked atomic.Int64
	return func(_ *http.Request, after bool) int {
		if after == when && asked.Add(1)%n == 0 {
			return code
		}
		return 0
	}
}

func TestAServiceThatFailsNowAndThenLosesNothing(t *testing.T) {
	for name, fault := range map[string]func(*http.Request, bool) int{
		"requests are refused":     sometimes(7, http.StatusServiceUnavailable, false),
		"connections break":        sometimes(7, -1, false),
		"answers are lost":         sometimes(7, -1, true),
		"answers turn into errors": sometimes(7, http.StatusBadGateway, true),
		"too many requests":        sometimes(7, http.StatusTooManyRequests, false),
	} {
		t.Run(name, func(t *testing.T) {
			withFaults(t, func(t *testing.T, root string, f *storetest.Faults) {
				f.Set(fault)
				for _, key := range []string{"user.a", "user.b", "user.c"} {
					if err := addOne(root, key); err != nil {
						t.Fatalf("add %s: %v", key, err)
					}
				}
				f.Set(nil)
				st, err := open(root).Read(t.Context())
				if err != nil || st.Serial != 3 || len(st.Apps[0].Users) != 3 || len(st.Intents) != 0 {
					t.Errorf("got %+v, %v; want three people, three saves and nothing open", st, err)
				}
			})
		})
	}
}

// whoIsCut locks a store for shortLease, lets its service fail, and reports what
// a change meets then.
func whoIsCut(t *testing.T, root string, f *storetest.Faults, fault func(*http.Request, bool) int) error {
	t.Helper()
	session, err := openFor(strings.SplitN(root, "|", 2)[0], root, shortLease).Lock(t.Context(), storetest.Info("victim"), 0)
	if err != nil {
		t.Fatal(err)
	}
	c := planner.Change{App: "app", Kind: planner.KindUser, Key: "user.ann", Action: planner.Create}
	if err := session.Intend(c); err != nil {
		t.Fatal(err)
	}
	f.Set(fault)
	c.Key = "user.bob"
	intended := session.Intend(c)
	if err := session.Intend(c); err == nil {
		t.Error("after an intent that could not be written, the next one is promised")
	}
	f.Set(nil)
	_ = session.Unlock(context.Background())
	return intended
}

func wantOnlyAnn(t *testing.T, root string) {
	t.Helper()
	session, err := open(root).Lock(t.Context(), storetest.Info("next"), time.Minute)
	if err != nil {
		t.Fatalf("lock once the service is back: %v", err)
	}
	st, err := open(root).Read(t.Context())
	if err != nil || len(st.Intents) == 0 || st.Intents[0].Key != "user.ann" {
		t.Errorf("got %+v, %v; want the first intent to be there", st, err)
	}
	if err := session.Unlock(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestAServiceThatIsGoneStopsItsWriter(t *testing.T) {
	withFaults(t, func(t *testing.T, root string, f *storetest.Faults) {
		if err := whoIsCut(t, root, f, sometimes(1, -1, false)); err == nil {
			t.Error("intend without a service: got no error")
		}
		wantOnlyAnn(t, root)
	})
}

func TestAServiceThatDoesNotAnswerStopsItsWriter(t *testing.T) {
	withFaults(t, func(t *testing.T, root string, f *storetest.Faults) {
		hang := func(r *http.Request, after bool) int {
			// Only a server that has read the body notices that its client is gone.
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			return -1
		}
		if err := whoIsCut(t, root, f, hang); err == nil {
			t.Error("intend without an answer: got no error")
		}
		wantOnlyAnn(t, root)
	})
}

func TestAServiceThatIsFullStopsItsWriter(t *testing.T) {
	withFaults(t, func(t *testing.T, root string, f *storetest.Faults) {
		full := func(r *http.Request, after bool) int {
			if r.Method == http.MethodGet || strings.Contains(r.URL.Path, "lock") {
				return 0
			}
			return http.StatusInsufficientStorage
		}
		err := whoIsCut(t, root, f, full)
		if err == nil || !strings.Contains(err.Error(), "507") {
			t.Errorf("intend at a full service: got %v, want its answer", err)
		}
		wantOnlyAnn(t, root)
	})
}

func TestCredentialsThatAreRefusedAreSaidAndNotRepeated(t *testing.T) {
	withFaults(t, func(t *testing.T, root string, f *storetest.Faults) {
		var asked atomic.Int64
		f.Set(func(*http.Request, bool) int { asked.Add(1); return http.StatusForbidden })
		_, err := open(root).Read(t.Context())
		if err == nil || !strings.Contains(err.Error(), "403") || strings.Contains(err.Error(), storetest.SecretOfTests) {
			t.Errorf("read: got %v, want the status and not the secret", err)
		}
		if asked.Load() != 1 {
			t.Errorf("asked %d times, want once", asked.Load())
		}
	})
}

func TestAServiceThatLiesIsRefused(t *testing.T) {
	t.Parallel()
	for name, root := range map[string]func(*testing.T) string{
		"s3 ignores all conditions": func(t *testing.T) string { return startS3(t, &storetest.S3{Lies: "all"}) },
		"s3 ignores If-Match":       func(t *testing.T) string { return startS3(t, &storetest.S3{Lies: "If-Match"}) },
		"s3 ignores If-None-Match":  func(t *testing.T) string { return startS3(t, &storetest.S3{Lies: "If-None-Match"}) },
		"http locks for two":        func(t *testing.T) string { return startHTTP(t, &storetest.Terraform{Lies: "lock"}) },
		"http lets others write":    func(t *testing.T) string { return startHTTP(t, &storetest.Terraform{Lies: "write"}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(root(t))
			for range 2 { // a first lock, and one of what is there
				_, err := store.Lock(t.Context(), storetest.Info("first"), 0)
				if err == nil || !strings.Contains(err.Error(), "two runs could write") {
					t.Errorf("lock: got %v, want a refusal that says why", err)
				}
			}
		})
	}
}

func TestAStateInS3CutAtAnyLengthIsRefused(t *testing.T) {
	t.Parallel()
	for _, object := range []string{"", ".lock", "/00000001"} {
		s := &storetest.S3{}
		root := startS3(t, s)
		if err := addOne(root, "user.ann"); err != nil {
			t.Fatal(err)
		}
		session, err := open(root).Lock(t.Context(), storetest.Info("a"), 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := session.Intend(planner.Change{App: "app", Kind: planner.KindUser, Key: "user.bob", Action: planner.Create}); err != nil {
			t.Fatal(err)
		}
		if err := session.Unlock(t.Context()); err != nil {
			t.Fatal(err)
		}
		suffix := object
		if object == "" {
			suffix = plainName(t)
		}
		for n := 400; n >= 0; n -= 7 {
			if !s.Cut(suffix, n) {
				continue
			}
			_, err := open(root).Read(t.Context())
			if object == ".lock" {
				_, err = open(root).Lock(t.Context(), storetest.Info("b"), 0)
			}
			if err == nil {
				t.Fatalf("%q cut to %d bytes is taken for whole", object, n)
			}
		}
	}
}

func TestADocumentCutAtAnyLengthIsRefused(t *testing.T) {
	t.Parallel()
	s := &storetest.Terraform{}
	root := startHTTP(t, s)
	if err := addOne(root, "user.ann"); err != nil {
		t.Fatal(err)
	}
	whole := s.Document
	for n := 1; n < len(whole); n++ {
		s.Document = whole[:n]
		if st, err := open(root).Read(t.Context()); err == nil {
			t.Fatalf("the first %d of %d bytes: got %+v", n, len(whole), st)
		}
	}
}

func TestNothingIsLeftBehindASave(t *testing.T) {
	t.Parallel()
	s := &storetest.S3{}
	root := startS3(t, s)
	for _, key := range []string{"user.a", "user.b"} {
		if err := addOne(root, key); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range s.Keys() {
		if strings.Contains(key, ".journal/") {
			t.Errorf("%s is left", key)
		}
	}
}

func TestWhereAStateMayBe(t *testing.T) {
	t.Parallel()
	o := statestore.RemoteOptions{AllowedHosts: []string{"good.example"}}
	s3 := func(bucket, key, region, endpoint string) error {
		_, err := statestore.NewS3(statestore.S3Options{RemoteOptions: o, Bucket: bucket, Key: key, Region: region, Endpoint: endpoint})
		return err
	}
	http := func(address, lock string) error {
		_, err := statestore.NewHTTP(statestore.HTTPOptions{RemoteOptions: o, Log: "log", Address: address, LockAddress: lock})
		return err
	}
	postgres := func(address string) error {
		_, err := statestore.NewPostgres(statestore.PostgresOptions{RemoteOptions: o, URL: address})
		return err
	}
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"bucket":               {s3("Bucket", "k", "", "https://good.example"), "no name of a bucket"},
		"key":                  {s3("bucket", "/k", "", "https://good.example"), "no key"},
		"region":               {s3("bucket", "k", "a.b", "https://good.example"), "no name of a region"},
		"plain endpoint":       {s3("bucket", "k", "", "http://good.example"), "not encrypted"},
		"other endpoint":       {s3("bucket", "k", "", "https://bad.example"), "not among the allowed hosts"},
		"amazon":               {s3("bucket", "k", "eu-central-1", ""), "bucket.s3.eu-central-1.amazonaws.com"},
		"plain address":        {http("http://good.example/s", ""), "not encrypted"},
		"other address":        {http("https://bad.example/s", ""), "not among the allowed hosts"},
		"lock elsewhere":       {http("https://good.example/s", "https://good.example:8443/s"), "two hosts"},
		"password in address":  {http("https://a:canary@good.example/s", ""), "must not hold"},
		"other database":       {postgres("postgres://u:canary@bad.example/d"), "not among the allowed hosts"},
		"one of two databases": {postgres("postgres://u:canary@good.example,bad.example/d"), "not among the allowed hosts"},
		"no url":               {postgres("postgres://u:canary@good.example:port/d"), "no connection URL"},
		"plain database":       {postgres("postgres://u:canary@good.example/d?sslmode=disable"), "not encrypted"},
		"unverified database":  {postgres("postgres://u:canary@good.example/d?sslmode=require"), "not encrypted"},
		"words, unverified":    {postgres("host=good.example password=canary sslmode=prefer"), "not encrypted"},
		"no such certificates": {postgres("postgres://u:canary@good.example/d?sslrootcert=/nowhere"), "no connection URL"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) || strings.Contains(test.err.Error(), "canary") {
			t.Errorf("%s: got %v, want %q and no password", name, test.err, test.want)
		}
	}
	for name, err := range map[string]error{
		"verified":   postgres("postgres://u:canary@good.example/d?sslmode=verify-full"),
		"by default": postgres("postgres://u:canary@good.example/d"),
		"words":      postgres("host=good.example password=canary"),
		"socket":     postgres("postgres:///d?host=/var/run/postgresql"),
		"s3":         s3("bucket", "folder/k", "", "https://good.example"),
		"http":       http("https://good.example/s", "https://good.example/s/lock"),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARenewalThatArrivesLateCostsNothing(t *testing.T) {
	t.Parallel()
	var f storetest.Faults
	server := &storetest.Terraform{}
	f.Server = server
	root := startHTTP(t, &f)
	session, err := open(root).Lock(t.Context(), storetest.Info("a"), 0)
	if err != nil {
		t.Fatal(err)
	}
	server.Bump()
	if err := session.Intend(planner.Change{App: "app", Kind: planner.KindUser, Key: "user.ann", Action: planner.Create}); err != nil {
		t.Errorf("intend after a write of our own took the serial: %v", err)
	}
	if err := session.Unlock(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st, err := open(root).Read(t.Context()); err != nil || len(st.Intents) != 1 {
		t.Errorf("got %+v, %v; want the intent", st, err)
	}
}
