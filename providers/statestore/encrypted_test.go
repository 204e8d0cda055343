package statestore_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/auditlog"
	"github.com/rollcall-dev/rollcall/planner/sealed"
	"github.com/rollcall-dev/rollcall/planner/statefile"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/seal"
	"github.com/rollcall-dev/rollcall/providers/statestore"
	"github.com/rollcall-dev/rollcall/providers/statestore/storetest"
)

// newKeys makes keys of one recipient, who is made for them.
func newKeys(t *testing.T) *seal.Keys {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return seal.New(seal.Options{
		Recipients: []string{identity.Recipient().String()},
		Identities: func() (string, error) { return identity.String(), nil },
	})
}

// withKeys is a root as a place of the suite, encrypted.
type withKeys struct {
	root string
	keys *seal.Keys
}

func (w withKeys) Open() providers.Store { return openWith(w.root, w.keys) }

func (w withKeys) Spoil(ctx context.Context, with statestore.Spoiling) error {
	return statestore.Spoil(ctx, w.Open(), with)
}

func (w withKeys) Kept(ctx context.Context) (used, displaced []byte, err error) {
	return statestore.Kept(ctx, w.Open())
}

func TestEveryKindIsAStoreAlsoEncrypted(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t *testing.T) storetest.Place { return withKeys{k.root(t, plainName(t)), keys} })
		})
	}
}

// live takes a store through everything that writes: two runs, of which the
// first dies with a create open.
func live(t *testing.T, s func() providers.Store) {
	t.Helper()
	ctx := t.Context()
	first, err := s().Lock(ctx, storetest.Info("first"), 0)
	must(t, err)
	change := planner.Change{App: "app", Kind: planner.KindUser, Key: "user.canary", Name: "canary@example.com", Action: planner.Create}
	must(t, first.Record(ctx, []auditlog.Record{{Kind: auditlog.Begin, Apply: "1", At: clock(), Run: &auditlog.Run{Operation: "apply", Who: "canary@runner"}}}))
	must(t, first.Intend(change))
	must(t, first.Settle(change, planner.Outcome{RemoteID: "canary-7", At: clock()}, nil))
	open := change
	open.Key, open.Name = "user.canary2", "canary2@example.com"
	must(t, first.Intend(open))
	must(t, first.Unlock(ctx))

	st, err := s().Read(ctx)
	must(t, err)
	second, err := s().Lock(ctx, storetest.Info("second"), 0)
	must(t, err)
	must(t, second.Save(ctx, st))
	must(t, second.Intend(open))
	must(t, second.Unlock(ctx))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wiretap keeps what was sent to a server.
type wiretap struct {
	to   http.Handler
	mu   sync.Mutex
	sent bytes.Buffer
}

func (w *wiretap) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	w.mu.Lock()
	w.sent.Write(body)
	w.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	w.to.ServeHTTP(out, r)
}

func TestNothingOfPeopleLeavesTheMachineInTheOpen(t *testing.T) {
	t.Parallel()
	start := map[string]func(*testing.T, http.Handler) string{"s3": startS3, "http": startHTTP}
	for name, server := range map[string]http.Handler{"s3": &storetest.S3{}, "http": &storetest.Terraform{}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tap := &wiretap{to: server}
			root, keys := start[name](t, tap), newKeys(t)
			live(t, func() providers.Store { return openWith(root, keys) })
			if tap.sent.Len() == 0 || bytes.Contains(tap.sent.Bytes(), []byte("canary")) {
				t.Errorf("sent in the open:\n%s", tap.sent.Bytes())
			}
		})
	}
}

func TestNothingOfPeopleStandsInFilesInTheOpen(t *testing.T) {
	t.Parallel()
	root, keys := t.TempDir(), newKeys(t)
	live(t, func() providers.Store { return openWith(root, keys) })
	found := 0
	must(t, filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".lock") {
			return err
		}
		text, err := os.ReadFile(path)
		if found++; strings.Contains(string(text), "canary") {
			t.Errorf("%s stands in the open:\n%s", path, text)
		}
		return err
	}))
	if found != 3 {
		t.Errorf("%d files, want state, journal and log", found)
	}
}

// lived is an encrypted store in a folder that has lived.
func lived(t *testing.T, keys *seal.Keys) *statestore.File {
	t.Helper()
	root := t.TempDir()
	live(t, func() providers.Store { return openWith(root, keys) })
	return openFile(root).Encrypted(keys)
}

func TestWithoutTheKeyNothingIsReadAndNothingIsWritten(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	for name, other := range map[string]sealed.Cipher{"no key": nil, "another key": newKeys(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := lived(t, keys)
			before := contents(t, store.String())
			without := store.Encrypted(other)
			if st, err := without.Read(t.Context()); st != nil || !errors.Is(err, sealed.ErrKey) {
				t.Errorf("read = %v, %v, want %v", st, err, sealed.ErrKey)
			}
			if log, err := without.Log(t.Context()); err == nil {
				if _, err = io.ReadAll(log); !errors.Is(err, sealed.ErrKey) {
					t.Errorf("log: got %v, want %v", err, sealed.ErrKey)
				}
				must(t, log.Close())
			}
			session, err := without.Lock(t.Context(), storetest.Info("other"), 0)
			must(t, err)
			if err := session.Intend(planner.Change{App: "app", Kind: planner.KindUser, Key: "user.late", Action: planner.Create}); !errors.Is(err, sealed.ErrKey) {
				t.Errorf("intend: got %v, want %v", err, sealed.ErrKey)
			}
			if err := session.Record(t.Context(), []auditlog.Record{{Kind: auditlog.End, Apply: "1"}}); !errors.Is(err, sealed.ErrKey) {
				t.Errorf("record: got %v, want %v", err, sealed.ErrKey)
			}
			must(t, session.Unlock(t.Context()))
			if after := contents(t, store.String()); after != before {
				t.Errorf("state, journal and log are\n%s\nwere\n%s", after, before)
			}
		})
	}
}

// contents are those of a state, its journal and its log.
func contents(t *testing.T, path string) string {
	t.Helper()
	all := ""
	for _, name := range []string{path, path + ".journal", path + ".log"} {
		text, err := os.ReadFile(name)
		must(t, err)
		all += string(text)
	}
	return all
}

func TestEncryptedStateThatWasAlteredAnywhereIsRefused(t *testing.T) {
	t.Parallel()
	store := lived(t, newKeys(t))
	must(t, os.Remove(store.String()+".journal"))
	whole, err := os.ReadFile(store.String())
	must(t, err)
	for i := range whole {
		if whole[i] == '\n' && i == len(whole)-1 {
			continue // the armor's last line break says nothing
		}
		altered := bytes.Clone(whole)
		altered[i] ^= 1
		must(t, os.WriteFile(store.String(), altered, 0o600))
		if st, err := store.Read(t.Context()); err == nil {
			t.Errorf("byte %d of %d altered: read %+v", i, len(whole), st)
		}
	}
	for n := range len(whole) - 1 {
		must(t, os.WriteFile(store.String(), whole[:n], 0o600))
		if st, err := store.Read(t.Context()); n > 0 && err == nil {
			t.Errorf("cut at %d of %d: read %+v", n, len(whole), st)
		}
	}
}

func TestEncryptedJournalAndLogThatWereAlteredAreDamage(t *testing.T) {
	t.Parallel()
	store := lived(t, newKeys(t))
	journal, log := store.String()+".journal", store.String()+".log"
	for _, name := range []string{journal, log} {
		text, err := os.ReadFile(name)
		must(t, err)
		at := bytes.LastIndex(text, []byte(`"}`)) - 8
		text[at] ^= 1
		must(t, os.WriteFile(name, text, 0o600))
	}
	all, err := store.Log(t.Context())
	must(t, err)
	var broken *auditlog.BrokenError
	if _, _, err := auditlog.NewReader(all).Next(); !errors.As(err, &broken) {
		t.Errorf("log: got %v, want it to be broken", err)
	}
	must(t, all.Close())
	session, err := store.Lock(t.Context(), storetest.Info("next"), 0)
	must(t, err)
	if err := session.Record(t.Context(), []auditlog.Record{{Kind: auditlog.End, Apply: "1"}}); !errors.As(err, &broken) {
		t.Errorf("record: got %v, want it to be broken", err)
	}
	must(t, session.Unlock(t.Context()))
}

func TestStateInTheOpenIsEncryptedByItsNextSaveAndBack(t *testing.T) {
	each(t, func(t *testing.T, _ kind, root string) {
		identity, err := age.GenerateX25519Identity()
		must(t, err)
		options := seal.Options{
			Recipients: []string{identity.Recipient().String()},
			Identities: func() (string, error) { return identity.String(), nil },
		}
		keys := seal.New(options)
		options.Plain = true
		plain := seal.New(options)
		live(t, func() providers.Store { return open(root) })
		want, err := open(root).Read(t.Context())
		must(t, err)
		for _, with := range []sealed.Cipher{keys, plain} {
			session, err := openWith(root, with).Lock(t.Context(), storetest.Info("turn"), 0)
			must(t, err)
			st, err := openWith(root, with).Read(t.Context())
			must(t, err)
			must(t, session.Record(t.Context(), []auditlog.Record{{Kind: auditlog.End, Apply: "1", At: clock(), Ended: &auditlog.Ended{}}}))
			must(t, session.Save(t.Context(), st))
			must(t, session.Unlock(t.Context()))
			_, err = open(root).Read(t.Context())
			if encrypted := errors.Is(err, sealed.ErrKey); encrypted != with.Seals() || !encrypted && err != nil {
				t.Errorf("read without a key: %v", err)
			}
		}
		got, err := open(root).Read(t.Context())
		must(t, err)
		want.Serial += 2
		want.Logged = got.Logged // the log has gone on
		if text(t, got) != text(t, want) || len(got.Intents) != len(want.Intents) {
			t.Errorf("the state is\n%s\nwant\n%s", text(t, got), text(t, want))
		}
	})
}

func text(t *testing.T, s *planner.State) string {
	t.Helper()
	var b strings.Builder
	must(t, statefile.Encode(&b, s))
	return b.String()
}

// TestAMissingKeyIsNoDamage: what somebody else's key opens is sound.
func TestAMissingKeyIsNoDamage(t *testing.T) {
	each(t, func(t *testing.T, _ kind, root string) {
		ours := withKeys{root, newKeys(t)}
		live(t, ours.Open)
		for name, keys := range map[string]*seal.Keys{"no key": seal.New(seal.Options{Plain: true}), "another key": newKeys(t)} {
			_, err := withKeys{root, keys}.Open().Read(t.Context())
			if damaged := (*providers.DamagedError)(nil); !errors.Is(err, sealed.ErrKey) || errors.As(err, &damaged) {
				t.Errorf("%s: got %v, want an error about the key that is no DamagedError", name, err)
			}
		}
	})
}
