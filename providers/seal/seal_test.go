package seal

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/rollcall-dev/rollcall/planner/sealed"
)

func said(text string) func() (string, error) { return func() (string, error) { return text, nil } }

// pair makes a recipient and their identity.
func pair(t *testing.T) (recipient, identity string) {
	t.Helper()
	i, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return i.Recipient().String(), i.String()
}

// keys makes keys whose passphrases cost little.
func keys(o Options) *Keys { return newKeys(o, cheap) }

const cheap = 1 << 4

const (
	one = "one passphrase that is long"
	two = "two passphrases are longer"
)

func TestWhatIsSealedOpensForWhoeverItIsFor(t *testing.T) {
	t.Parallel()
	annPublic, ann := pair(t)
	bobPublic, bob := pair(t)
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ sealer, opener Options }{
		"a recipient": {
			Options{Recipients: []string{annPublic}}, Options{Identities: said(ann), Plain: true},
		},
		"the second of two recipients": {
			Options{Recipients: []string{annPublic, bobPublic}}, Options{Identities: said(bob), Plain: true},
		},
		"an identity file of several": {
			Options{Recipients: []string{annPublic}}, Options{Identities: said("# two\n" + bob + "\n\n" + ann + "\r\n"), Plain: true},
		},
		"a recipient that quantum computers do not break": {
			Options{Recipients: []string{hybrid.Recipient().String()}}, Options{Identities: said(hybrid.String()), Plain: true},
		},
		"a passphrase": {Options{Passphrase: said(one)}, Options{Passphrase: said(one)}},
		"the passphrase of before": {
			Options{Passphrase: said(one)}, Options{Passphrase: said(two), Previous: said(one)},
		},
		"a passphrase, beside an identity that cannot be had": {
			Options{Passphrase: said(one)},
			Options{Passphrase: said(one), Identities: func() (string, error) { return "", errors.New("no such file") }},
		},
		"a passphrase of before, now recipients": {
			Options{Passphrase: said(one)}, Options{Recipients: []string{annPublic}, Previous: said(one)},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, plain := range []string{"", "user.ann", strings.Repeat("long ", 50_000)} {
				encrypted, err := keys(tt.sealer).Seal([]byte(plain))
				if err != nil {
					t.Fatal(err)
				}
				if plain != "" && bytes.Contains(encrypted, []byte(plain)) {
					t.Errorf("the text stands in the open")
				}
				got, err := keys(tt.opener).Open(encrypted)
				if err != nil || string(got) != plain {
					t.Errorf("opened: %d bytes, %v, want %d", len(got), err, len(plain))
				}
			}
		})
	}
}

func TestWhatIsForOthersDoesNotOpen(t *testing.T) {
	t.Parallel()
	annPublic, ann := pair(t)
	_, eve := pair(t)
	failed := errors.New("the variable is not set")
	tests := map[string]struct {
		sealer, opener Options
		says           string
	}{
		"no key at all":            {Options{Recipients: []string{annPublic}}, Options{Plain: true}, ""},
		"another identity":         {Options{Recipients: []string{annPublic}}, Options{Identities: said(eve), Plain: true}, "for others"},
		"another passphrase":       {Options{Passphrase: said(one)}, Options{Passphrase: said(two)}, "another passphrase"},
		"a passphrase for a pair":  {Options{Recipients: []string{annPublic}}, Options{Passphrase: said(one)}, "for others"},
		"a pair for a passphrase":  {Options{Passphrase: said(one)}, Options{Identities: said(ann), Plain: true}, "another passphrase"},
		"an identity that is none": {Options{Recipients: []string{annPublic}}, Options{Identities: said("secret-text"), Plain: true}, "age-keygen"},
		"an identity that cannot be had": {
			Options{Recipients: []string{annPublic}}, Options{Identities: func() (string, error) { return "", failed }, Plain: true}, failed.Error(),
		},
		"another passphrase, and an identity that cannot be had": {
			Options{Passphrase: said(one)}, Options{Passphrase: said(two), Identities: func() (string, error) { return "", failed }}, failed.Error(),
		},
		"a passphrase that is short": {Options{Passphrase: said(one)}, Options{Passphrase: said("short")}, "too short"},
		"a passphrase that cannot be had": {
			Options{Passphrase: said(one)}, Options{Passphrase: func() (string, error) { return "", failed }}, failed.Error(),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			encrypted, err := keys(tt.sealer).Seal([]byte("user.ann"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := keys(tt.opener).Open(encrypted)
			if got != nil || !errors.Is(err, sealed.ErrKey) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("opened: %q, %v, want %v that says %q", got, err, sealed.ErrKey, tt.says)
			}
			if strings.Contains(err.Error(), "secret-text") || strings.Contains(err.Error(), eve) {
				t.Errorf("the error tells the key: %v", err)
			}
		})
	}
}

func TestEveryByteThatIsAlteredIsNoticed(t *testing.T) {
	t.Parallel()
	public, identity := pair(t)
	for name, o := range map[string]Options{
		"recipient":  {Recipients: []string{public}, Identities: said(identity)},
		"passphrase": {Passphrase: said(one)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := keys(o)
			whole, err := k.Seal([]byte("user.ann"))
			if err != nil {
				t.Fatal(err)
			}
			for i := range whole {
				altered := bytes.Clone(whole)
				altered[i] ^= 1
				if got, err := k.Open(altered); err == nil || got != nil {
					t.Errorf("byte %d altered: opened %q", i, got)
				}
				if got, err := k.Open(whole[:i]); !errors.Is(err, sealed.ErrAltered) || got != nil {
					t.Errorf("cut at %d: opened %q, %v", i, got, err)
				}
			}
			if got, err := k.Open(append(whole, 'x')); err == nil {
				t.Errorf("longer: opened %q", got)
			}
		})
	}
}

func TestOneKeyIsMadeForManyFilesAndNoNonceTwice(t *testing.T) {
	t.Parallel()
	first := keys(Options{Passphrase: said(one)})
	seen := map[string]bool{}
	asked := 0
	second := keys(Options{Passphrase: func() (string, error) { asked++; return one, nil }})
	for range 100 {
		encrypted, err := first.Seal(nil)
		if err != nil {
			t.Fatal(err)
		}
		head, _, _ := bytes.Cut(encrypted, []byte("---"))
		if seen[string(head)] {
			t.Fatal("one header twice: its nonce is not random")
		}
		seen[string(head)] = true
		if _, err := second.Open(encrypted); err != nil {
			t.Fatal(err)
		}
		answer, err := second.Seal(nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := first.Open(answer); err != nil {
			t.Fatal(err)
		}
	}
	if asked != 1 {
		t.Errorf("%d keys were made, want 1: who reads takes over the salt", asked)
	}
}

// A run checks its keys before it reads the state. Were that to settle the salt,
// each run would add one to the audit log, until nobody could read it.
func TestRunsThatCheckTheirKeysWriteWithTheSaltOfTheFirst(t *testing.T) {
	t.Parallel()
	written, err := keys(Options{Passphrase: said(one)}).Seal([]byte("state"))
	if err != nil {
		t.Fatal(err)
	}
	log := [][]byte{written}
	for range maxSalts + 1 {
		asked := 0
		run := keys(Options{Passphrase: func() (string, error) { asked++; return one, nil }})
		if err := run.Check(); err != nil {
			t.Fatal(err)
		}
		if _, err := run.Open(written); err != nil {
			t.Fatal(err)
		}
		if written, err = run.Seal([]byte("state")); err != nil {
			t.Fatal(err)
		}
		log = append(log, written)
		if asked != 2 {
			t.Fatalf("the passphrase was asked for %d times, want 2: to check it, and for one key", asked)
		}
	}
	reader := keys(Options{Passphrase: said(one)})
	for i := range log {
		if _, err := reader.Open(log[i]); err != nil {
			t.Fatalf("what run %d wrote: %v", i, err)
		}
	}
}

func TestTooManySaltsAreRefused(t *testing.T) {
	t.Parallel()
	reader := keys(Options{Passphrase: said(one)})
	for n := range maxSalts + 1 {
		encrypted, err := keys(Options{Passphrase: said(one)}).Seal(nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := reader.Open(encrypted); (err != nil) != (n == maxSalts) {
			t.Errorf("salt %d: %v", n, err)
		}
	}
}

func TestKeysThatCouldNotReadWhatTheyWriteAreRefused(t *testing.T) {
	t.Parallel()
	public, own := pair(t)
	_, other := pair(t)
	for name, tt := range map[string]struct {
		o  Options
		ok bool
	}{
		"one's own":        {Options{Recipients: []string{public}, Identities: said(own)}, true},
		"somebody else's":  {Options{Recipients: []string{public}, Identities: said(other)}, false},
		"nobody's":         {Options{Recipients: []string{public}}, false},
		"a passphrase":     {Options{Passphrase: said(one)}, true},
		"a short one":      {Options{Passphrase: said("short")}, false},
		"nothing to write": {Options{Plain: true}, true},
	} {
		if err := keys(tt.o).Check(); (err == nil) != tt.ok {
			t.Errorf("%s: %v, want ok: %t", name, err, tt.ok)
		}
	}
}

// Whoever reads at a bad hour need not know for whom was to be written.
func TestKeysForNobodyReadAndWriteNothing(t *testing.T) {
	t.Parallel()
	public, own := pair(t)
	written, err := keys(Options{Recipients: []string{public}}).Seal([]byte("user.ann"))
	if err != nil {
		t.Fatal(err)
	}
	for name, recipients := range map[string][]string{
		"nobody": {}, "no recipient": {"age1nobody"}, "an identity": {own}, "one of two is none": {public, "age1nobody"},
	} {
		k := keys(Options{Recipients: recipients, Identities: said(own)})
		if got, err := k.Open(written); err != nil || string(got) != "user.ann" {
			t.Errorf("%s: read %q, %v", name, got, err)
		}
		if got, err := k.Seal(nil); err == nil || got != nil || !k.Seals() || strings.Contains(err.Error(), own) {
			t.Errorf("%s: wrote %d bytes, %v, want an error", name, len(got), err)
		}
		if err := k.Check(); err == nil {
			t.Errorf("%s: the check passed", name)
		}
	}
}

func FuzzOpen(f *testing.F) {
	k := keys(Options{Passphrase: said(one)})
	whole, err := k.Seal([]byte("user.ann"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte("age-encryption.org/v1\n-> rollcall-passphrase AA AA\nAA\n--- AA\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := k.Open(b); err == nil && string(got) != "user.ann" {
			t.Errorf("opened %q", got)
		}
	})
}
