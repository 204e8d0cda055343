package load

import (
	"strings"
	"testing"
	"testing/fstest"

	"filippo.io/age"
)

// pairs makes n recipients.
func pairs(t *testing.T, n int) (recipients []string, identity string) {
	t.Helper()
	for range n {
		i, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		recipients, identity = append(recipients, i.Recipient().String()), i.String()
	}
	return recipients, identity
}

func loadEncryption(t *testing.T, block string) *Loaded {
	t.Helper()
	fsys := fstest.MapFS{"a.hcl": {Data: []byte("rollcall {\n  encryption {\n" + block + "\n  }\n}\n")}}
	environ := func(name string) (string, bool) { return "value of " + name, true }
	return Read(fsys, Options{Environ: environ})
}

func TestEncryptionBlock(t *testing.T) {
	t.Parallel()
	some, _ := pairs(t, 2)
	got := loadEncryption(t, `recipients = ["`+some[0]+`", "`+some[1]+`"]
    identity = env("KEY")
    previous_passphrase = env("OLD")`)
	if len(got.Findings) > 0 {
		t.Fatal(got.Findings)
	}
	e := got.Config.Settings.Encryption
	if e == nil || len(e.Recipients) != 2 || e.Passphrase != nil || e.Disabled || e.Origin.Line != 2 {
		t.Fatalf("got %+v", e)
	}
	for want, secret := range map[string]interface{ Reveal() (string, error) }{"value of KEY": e.Identity, "value of OLD": e.Previous} {
		if text, err := secret.Reveal(); err != nil || text != want {
			t.Errorf("got %q, %v, want %q", text, err, want)
		}
	}
	if e := loadEncryption(t, `passphrase = env("NEW")`).Config.Settings.Encryption; e.Passphrase == nil || e.Recipients != nil {
		t.Errorf("with a passphrase: got %+v", e)
	}
	if e := loadEncryption(t, `enabled = false`).Config.Settings.Encryption; !e.Disabled {
		t.Errorf("disabled: got %+v", e)
	}
}

func TestEncryptionThatNobodyCouldReadIsRefused(t *testing.T) {
	t.Parallel()
	some, identity := pairs(t, 1)
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ block, says string }{
		"nothing":                         {``, "needs recipients, or a passphrase"},
		"nobody":                          {`recipients = []`, "encrypted for nobody"},
		"a misspelt name":                 {`recipient = ["` + some[0] + `"]`, "Did you mean recipients?"},
		"both":                            {`recipients = ["` + some[0] + "\"]\npassphrase = env(\"P\")", "not both"},
		"a text alone":                    {`recipients = "` + some[0] + `"`, "a list of strings"},
		"from env":                        {`recipients = [env("R")]`, "cannot take a sensitive value"},
		"an identity behind what is none": {`recipients = ["ssh-ed25519 AAAA", " ` + identity + `"]`, "the secret half"},
		"an identity":                     {`recipients = ["` + identity + `"]`, "the secret half"},
		"an SSH key":                      {`recipients = ["ssh-ed25519 AAAA"]`, "begins with age1"},
		"a plugin's":                      {`recipients = ["age1yubikey1qwerty"]`, "a letter of it is wrong"},
		"a letter wrong":                  {`recipients = ["` + some[0][:20] + "q" + some[0][21:] + `x"]`, "a letter of it is wrong"},
		"two in one":                      {`recipients = ["` + some[0] + `\n` + some[0] + `"]`, "no age recipient"},
		"both kinds":                      {`recipients = ["` + some[0] + `", "` + hybrid.Recipient().String() + `"]`, "cannot be mixed"},
		"the bound secret":                {`passphrase = env("ROLLCALL_AGE_IDENTITY")`, "decrypts state and plans alone"},
		"one written":                     {`passphrase = "written where all can read"`, "Take it from the environment"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := loadEncryption(t, tt.block)
			if len(got.Findings) != 1 || !strings.Contains(got.Findings[0].Detail, tt.says) {
				t.Errorf("got %v, want one finding that says %q", got.Findings, tt.says)
			}
			for _, d := range got.Findings {
				if hidden := strings.HasPrefix(name, "an identity") || name == "one written"; d.Secret != hidden || strings.Contains(d.Detail, identity) {
					t.Errorf("the finding shows a secret: %+v", d)
				}
			}
		})
	}
}

// The source line of one finding must not show what another hides.
func TestRecipientsBesideAPassphraseAreSaidWithoutThePassphrase(t *testing.T) {
	t.Parallel()
	some, _ := pairs(t, 1)
	got := loadEncryption(t, `recipients = ["`+some[0]+"\"]\n    passphrase = \"written where all can read\"")
	if len(got.Findings) != 2 {
		t.Fatalf("got %v, want that both are given, and that one is written", got.Findings)
	}
	for _, d := range got.Findings {
		if d.Origin.Line == 4 && !d.Secret {
			t.Errorf("the finding shows the passphrase: %+v", d)
		}
	}
}

func TestNestedBlockAtTheTopIsToldItsPlace(t *testing.T) {
	t.Parallel()
	for block, says := range map[string]string{
		"encryption {}":   `inside a block of type rollcall.`,
		"rule {}":         `inside a block of type group.`,
		"nothing_such {}": `There is no block of type "nothing_such".`,
	} {
		got := Read(fstest.MapFS{"a.hcl": {Data: []byte(block)}}, Options{})
		if len(got.Findings) != 1 || !strings.Contains(got.Findings[0].Detail, says) {
			t.Errorf("%s: got %v, want one finding that says %q", block, got.Findings, says)
		}
	}
}
