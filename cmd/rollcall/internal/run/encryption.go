package run

import (
	"errors"
	"fmt"
	"io"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/planfile"
	"github.com/rollcall-dev/rollcall/planner/sealed"
	"github.com/rollcall-dev/rollcall/planner/statefile"
	"github.com/rollcall-dev/rollcall/providers/seal"
	"github.com/rollcall-dev/rollcall/schema"
)

// IdentityVariable is where an age identity is, with _FILE behind it the path of
// its file, when the configuration does not say.
const IdentityVariable = "ROLLCALL_AGE_IDENTITY"

// Cipher encrypts and decrypts as the encryption block says; it is nil without
// one. No key is looked at before it is needed.
func (p *Project) Cipher() sealed.Cipher {
	if k := p.keys(); k != nil {
		return k
	}
	return nil
}

// PlanCipher is what a plan file is written with; nil is no cipher. The error says
// that this run could not read the file that it would write.
func (p *Project) PlanCipher() (sealed.Cipher, error) {
	if err := p.checkKeys(); err != nil {
		return nil, err
	}
	return p.Cipher(), nil
}

// ReadPlan reads a plan file, which may be encrypted.
func (p *Project) ReadPlan(r io.Reader) (*planner.Plan, error) {
	plan, _, err := planfile.Open(r, p.fileCipher())
	return plan, p.keyHint(err)
}

// ReadState reads a copy of a state, which may be encrypted.
func (p *Project) ReadState(r io.Reader) (*planner.State, error) {
	state, err := statefile.Open(r, p.fileCipher())
	return state, p.keyHint(err)
}

// fileCipher is what plan files and copies of a state are read with: the keys of
// the configuration, or, where there is no encryption block, the age identity of
// the environment. For whom is written does not matter: a variable that says so
// may be one that the plan itself gives.
func (p *Project) fileCipher() sealed.Cipher {
	o := p.keyOptions()
	o.Recipients, o.Plain = nil, true
	return seal.New(o)
}

// keyOptions are what the configuration and the environment say of keys.
func (p *Project) keyOptions() seal.Options {
	e := p.Config.Settings.Encryption
	if e == nil {
		return seal.Options{Identities: revealer(p.options.Identity)}
	}
	identity := e.Identity
	if identity == nil {
		identity = p.options.Identity
	}
	return seal.Options{
		Recipients: e.Recipients, Plain: e.Disabled,
		Identities: revealer(identity), Passphrase: revealer(e.Passphrase), Previous: revealer(e.Previous),
	}
}

// Encrypted says in words how state, log and plans are written; it is empty where
// the configuration does not say.
func (p *Project) Encrypted() string {
	e := p.Config.Settings.Encryption
	switch {
	case e == nil:
		return ""
	case e.Disabled:
		return "in the open, as enabled = false says"
	case e.Passphrase != nil:
		return "encrypted with the passphrase"
	case len(e.Recipients) == 1:
		return "encrypted for one recipient"
	}
	return fmt.Sprintf("encrypted for %d recipients", len(e.Recipients))
}

// hinted is a log whose errors say what to do.
type hinted struct {
	io.ReadCloser
	explain func(error) error
}

// Read implements [io.Reader].
func (h *hinted) Read(b []byte) (int, error) {
	n, err := h.ReadCloser.Read(b)
	if errors.Is(err, sealed.ErrKey) {
		err = h.explain(err)
	}
	return n, err
}

// makeKeys makes nil keys where there is no encryption block.
func (p *Project) makeKeys() *seal.Keys {
	if p.Config.Settings.Encryption == nil {
		return nil
	}
	return seal.New(p.keyOptions())
}

// revealer is a secret as a function; nil for none.
func revealer(s *schema.Secret) func() (string, error) {
	if s == nil {
		return nil
	}
	return s.Reveal
}

// checkKeys reports an error unless this run can read what it would write.
func (p *Project) checkKeys() error {
	k := p.keys()
	if k == nil {
		return nil
	}
	if err := k.Check(); err != nil {
		return &PlaceError{What: "encryption", Origin: p.Config.Settings.Encryption.Origin, Err: p.keyHint(err)}
	}
	return nil
}

// stateError is the failure of the state's store, at the block that says where it is.
func (p *Project) stateError(err error) error {
	return &PlaceError{What: "state", Origin: p.Config.Settings.State.Origin, Err: p.keyHint(err)}
}

// keyHint adds to an error about a key what to do.
func (p *Project) keyHint(err error) error {
	e := p.Config.Settings.Encryption
	switch {
	case !errors.Is(err, sealed.ErrKey):
		return err
	case e == nil:
		return fmt.Errorf("%w; the configuration here has no encryption block: it needs the one that this was encrypted with", err)
	case len(e.Recipients) > 0 && e.Identity == nil && p.options.Identity == nil:
		return fmt.Errorf("%w; set %s to the text of an age identity file, or %s_FILE to its path", err, IdentityVariable, IdentityVariable)
	}
	return err
}
