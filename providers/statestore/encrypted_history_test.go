package statestore_test

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/auditlog"
	"github.com/rollcall-dev/rollcall/planner/planfile"
	"github.com/rollcall-dev/rollcall/planner/sealed"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/seal"
	"github.com/rollcall-dev/rollcall/providers/statestore"
	"github.com/rollcall-dev/rollcall/providers/statestore/storetest"
)

// turns are the ciphers of runs that follow one another: in the open, for ann,
// for ann and bob, for bob alone, in one kind of store with a passphrase, which
// takes a while, and in the open again. Each reads what those before it wrote.
func turns(t *testing.T, phrases bool) []sealed.Cipher {
	t.Helper()
	var public, own []string
	for range 2 {
		i, err := age.GenerateX25519Identity()
		must(t, err)
		public, own = append(public, i.Recipient().String()), append(own, i.String())
	}
	both := func() (string, error) { return strings.Join(own, "\n"), nil }
	phrase := func() (string, error) { return "the passphrase of this test", nil }
	with := func(o seal.Options) sealed.Cipher {
		o.Identities = both
		if o.Passphrase == nil && phrases {
			o.Previous = phrase
		}
		return seal.New(o)
	}
	all := []sealed.Cipher{
		nil, with(seal.Options{Recipients: public[:1]}), with(seal.Options{Recipients: public}), with(seal.Options{Recipients: public[1:]}),
	}
	if phrases {
		all = append(all, with(seal.Options{Passphrase: phrase}))
	}
	return append(all, with(seal.Options{Plain: true}))
}

// turn is a run that creates somebody, begins to create somebody else, and is
// killed, unless it saves.
func turn(t *testing.T, store providers.Store, n int, saves bool) {
	t.Helper()
	ctx := t.Context()
	s, err := store.Lock(ctx, storetest.Info(fmt.Sprint("turn", n)), 0)
	must(t, err)
	st, err := store.Read(ctx)
	must(t, err)
	must(t, s.Record(ctx, []auditlog.Record{{Kind: auditlog.Begin, Apply: fmt.Sprint(n), At: clock(), Run: &auditlog.Run{Operation: "apply"}}}))
	done := planner.Change{App: "app", Kind: planner.KindUser, Key: fmt.Sprint("user.done", n), Action: planner.Create}
	outcome := planner.Outcome{RemoteID: fmt.Sprint("id", n), At: clock()}
	must(t, s.Intend(done))
	must(t, s.Settle(done, outcome, nil))
	open := done
	open.Key = fmt.Sprint("user.open", n)
	must(t, s.Intend(open))
	if saves {
		st.Record(done, outcome)
		must(t, s.Save(ctx, st))
	}
	must(t, s.Unlock(ctx))
}

func TestRunsWithOtherKeysGoOnWhereTheLastOneDied(t *testing.T) {
	each(t, func(t *testing.T, k kind, root string) {
		all := turns(t, k.name == "file")
		for n, c := range all {
			turn(t, openWith(root, c), n, false)
		}
		last := openWith(root, all[len(all)-1])
		turned(t, last, len(all))
		turn(t, openWith(root, all[1]), len(all), true)
		turned(t, last, len(all)+1)
	})
}

// turned checks that store tells of n turns.
func turned(t *testing.T, store providers.Store, n int) {
	t.Helper()
	st, err := store.Read(t.Context())
	must(t, err)
	if len(st.Apps) != 1 || len(st.Apps[0].Users) != n || len(st.Intents) != n {
		t.Errorf("after %d turns: %+v", n, st)
	}
	log, err := store.Log(t.Context())
	must(t, err)
	in := auditlog.NewReader(log)
	for i := range n {
		if r, _, err := in.Next(); err != nil || r.Apply != fmt.Sprint(i) {
			t.Errorf("record %d: %+v, %v", i, r, err)
		}
	}
	if r, _, err := in.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("one more record: %+v, %v", r, err)
	}
	must(t, log.Close())
}

func TestWhoHasOneOfTwoKeysIsNotToldOfDamage(t *testing.T) {
	each(t, func(t *testing.T, _ kind, root string) {
		one, other := newKeys(t), newKeys(t)
		turn(t, openWith(root, one), 0, true)
		_, err := openWith(root, one).Read(t.Context())
		must(t, err)
		_, err = openWith(root, other).Read(t.Context())
		if !errors.Is(err, sealed.ErrKey) || errors.Is(err, statestore.ErrJournal) {
			t.Errorf("read: got %v, want %v", err, sealed.ErrKey)
		}
	})
}

// What a journal holds for another key is not lost, and must not be passed over
// where a damaged state is replaced: it tells which creates were never answered.
func TestNothingIsSalvagedWithoutTheKeyOfTheJournal(t *testing.T) {
	t.Parallel()
	root, own, other := t.TempDir(), newKeys(t), newKeys(t)
	turn(t, openWith(root, own), 0, true)
	store := openFile(root)
	must(t, os.WriteFile(store.String(), []byte("damaged\n"), 0o600))
	for name, tt := range map[string]struct {
		with sealed.Cipher
		want error
		open int
	}{"the key": {own, nil, 1}, "another": {other, sealed.ErrKey, 0}, "none": {nil, sealed.ErrKey, 0}} {
		s, err := store.Encrypted(tt.with).Lock(t.Context(), storetest.Info("salvage"), 0)
		must(t, err)
		st, err := s.Salvage(t.Context())
		if !errors.Is(err, tt.want) || (st != nil) != (tt.want == nil) || st != nil && len(st.Intents) != tt.open {
			t.Errorf("%s: salvaged %+v, %v, want %d open creates, %v", name, st, err, tt.open, tt.want)
		}
		must(t, s.Unlock(t.Context()))
	}
}

// The history in testdata/encrypted-v1/open was encrypted with the first version
// of the form, for a recipient and with a passphrase. Nothing there is ever
// written anew: whoever kept a state then can read it today.
func TestEveryEncryptedFormIsRead(t *testing.T) {
	t.Parallel()
	said := func(text string) func() (string, error) { return func() (string, error) { return text, nil } }
	want := readHistory(t, "open", nil)
	if want.state == "" || want.intents != 2 || strings.Count(want.log, "\n") != 3 || want.plan == nil {
		t.Fatalf("the history is %+v", want)
	}
	for folder, c := range map[string]sealed.Cipher{
		"recipient":  seal.New(seal.Options{Plain: true, Identities: said(goldenIdentity())}),
		"passphrase": seal.New(seal.Options{Passphrase: said("the passphrase of the golden files")}),
	} {
		if d := gocmp.Diff(readHistory(t, folder, c), want, gocmp.AllowUnexported(history{})); d != "" {
			t.Errorf("%s (-got +want):\n%s", folder, d)
		}
		for _, name := range []string{"state.json", "state.json.journal", "state.json.log", "one.plan"} {
			if b, err := os.ReadFile(filepath.Join("testdata", "encrypted-v1", folder, name)); err != nil || strings.Contains(string(b), "golden@example.com") {
				t.Errorf("%s/%s: %v; it stands in the open:\n%s", folder, name, err, b)
			}
		}
	}
}

// history is what a folder of golden files holds.
type history struct {
	state, log string
	intents    int
	plan       *planner.Plan
}

func readHistory(t *testing.T, folder string, c sealed.Cipher) history {
	t.Helper()
	root := t.TempDir()
	must(t, os.CopyFS(root, os.DirFS(filepath.Join("testdata", "encrypted-v1", folder))))
	must(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error { return errors.Join(err, os.Chmod(path, 0o700)) }))
	store := statestore.NewFile(filepath.Join(root, "state.json"), nil, clock).Encrypted(c)
	st, err := store.Read(t.Context())
	must(t, err)
	log, err := store.Log(t.Context())
	must(t, err)
	lines, err := io.ReadAll(log)
	must(t, errors.Join(err, log.Close()))
	f, err := os.Open(filepath.Join(root, "one.plan"))
	must(t, err)
	plan, _, err := planfile.Open(bufio.NewReader(f), c)
	must(t, errors.Join(err, f.Close()))
	return history{state: text(t, st), log: string(lines), intents: len(st.Intents), plan: plan}
}

// goldenIdentity opens what was encrypted for the recipient of the golden files,
// and nothing else. It is kept in base64 so that nobody takes it for a secret that
// was lost.
func goldenIdentity() string {
	text, err := base64.StdEncoding.DecodeString(
		"QUdFLVNFQ1JFVC1LRVktMVg4SDAyNllBUVpKS1hRNEpaQUdaOTBDUjlZQTk0OFBGMEhMM05KN0tBUkU3NEVTWVhLWVM5NjRTRU0=")
	if err != nil {
		panic(err)
	}
	return string(text)
}
