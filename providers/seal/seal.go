package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"filippo.io/age"

	"github.com/rollcall-dev/rollcall/planner/sealed"
)

// Options say with what is encrypted and decrypted. A key is asked for when it
// is first needed, and no error holds one.
type Options struct {
	// Recipients are age recipients; what is written can be read with the
	// identity of any of them.
	Recipients []string
	// Identities returns the text of an age identity file, which may hold several;
	// nil for none.
	Identities func() (string, error)
	// Passphrase is what is encrypted with where there are no recipients, and
	// decrypted with in any case; nil for none.
	Passphrase func() (string, error)
	// Previous is a passphrase that decrypts only; nil for none.
	Previous func() (string, error)
	// Plain: what is written is not encrypted.
	Plain bool
}

// Keys encrypt and decrypt. They are safe for concurrent use.
type Keys struct {
	recipients []age.Recipient
	// unfit is why nothing can be written; nil where it can.
	unfit      error
	identities func() ([]age.Identity, error)
	// phrase is what is encrypted with in place of recipients; nil for none.
	phrase *passphrase
	plain  bool
}

var _ sealed.Cipher = (*Keys)(nil)

// New returns the keys that o describes. Where it does not say for whom to
// encrypt, they read all the same: the error is that of [Keys.Seal].
func New(o Options) *Keys { return newKeys(o, scryptN) }

// newKeys makes keys whose passphrases cost n.
func newKeys(o Options, n int) *Keys {
	k := &Keys{plain: o.Plain}
	var phrases []age.Identity
	if o.Passphrase != nil {
		p := newPassphrase(o.Passphrase, n)
		phrases = append(phrases, p)
		if len(o.Recipients) == 0 {
			k.recipients, k.phrase = append(k.recipients, p), p
		}
	}
	if o.Previous != nil {
		phrases = append(phrases, newPassphrase(o.Previous, n))
	}
	for _, text := range o.Recipients {
		r, err := parseRecipient(text)
		if err != nil {
			k.unfit = err
			continue
		}
		k.recipients = append(k.recipients, r)
	}
	if len(k.recipients) == 0 && k.unfit == nil {
		k.unfit = errors.New("nothing says for whom to encrypt: give recipients, or a passphrase")
	}
	k.identities = sync.OnceValues(func() ([]age.Identity, error) {
		own, err := readIdentities(o.Identities)
		return append(own, phrases...), err
	})
	return k
}

// parseRecipient reads an age recipient, age1…. Kinds that would have a program of
// somebody else's run are not read.
func parseRecipient(text string) (age.Recipient, error) {
	all, err := age.ParseRecipients(strings.NewReader(text))
	if err != nil || len(all) != 1 {
		return nil, errors.New("one of the recipients is no age recipient")
	}
	return all[0], nil
}

// readIdentities reads the text of an identity file, none of which is in an error.
func readIdentities(read func() (string, error)) ([]age.Identity, error) {
	if read == nil {
		return nil, nil
	}
	text, err := read()
	if err != nil {
		return nil, err
	}
	all, err := age.ParseIdentities(strings.NewReader(text))
	if err != nil {
		return nil, errors.New("the age identity cannot be read: it is the text of a file that age-keygen made, AGE-SECRET-KEY-1… on a line of its own, and not its path")
	}
	return all, nil
}

// Seals reports whether what is written is to be encrypted.
func (k *Keys) Seals() bool { return !k.plain }

// Seal encrypts plain.
func (k *Keys) Seal(plain []byte) ([]byte, error) {
	if k.unfit != nil {
		return nil, k.unfit
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, k.recipients...)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(plain)
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Open decrypts what [Keys.Seal] gave, with whichever key fits.
func (k *Keys) Open(encrypted []byte) ([]byte, error) {
	// An identity that cannot be had is no matter where a passphrase opens it.
	identities, missing := k.identities()
	if len(identities) == 0 {
		return nil, keyError(missing)
	}
	r, err := age.Decrypt(bytes.NewReader(encrypted), identities...)
	if err != nil {
		return nil, refused(err, missing)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil, sealed.ErrAltered
	}
	return plain, nil
}

// keyError is [sealed.ErrKey] for a reason, which may be nil.
func keyError(why error) error {
	if why == nil {
		return sealed.ErrKey
	}
	return fmt.Errorf("%w: %w", sealed.ErrKey, why)
}

// refused says why a header did not open, given which key could not be had.
func refused(err, missing error) error {
	var other *age.NoIdentityMatchError
	var failed *phraseError
	switch {
	case !errors.As(err, &failed) && !errors.As(err, &other):
		return sealed.ErrAltered
	case missing != nil:
		return keyError(missing)
	case failed != nil:
		return keyError(failed.error)
	}
	return keyError(errors.New("it was encrypted for others, or with another passphrase"))
}

// Check reports an error unless what is written with k can be read with it: a
// run that could not read its own state must not write one.
func (k *Keys) Check() error {
	switch {
	case k.plain:
		return nil
	case k.unfit != nil:
		return k.unfit
	}
	if err := k.try(); err != nil {
		return fmt.Errorf("this run could not read what it would write: %w", err)
	}
	return nil
}

func (k *Keys) try() error {
	if k.phrase != nil {
		// It reads what it writes. A trial would settle for a salt of its own before
		// that of the state is known, and each run would leave one more in the log.
		if _, err := k.phrase.text(); err != nil {
			return keyError(err)
		}
		return nil
	}
	encrypted, err := k.Seal(nil)
	if err != nil {
		return err
	}
	_, err = k.Open(encrypted)
	return err
}
