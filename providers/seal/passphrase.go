package seal

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"

	"filippo.io/age"
	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/crypto/scrypt"
)

// MinPassphrase is how many bytes a passphrase has at least: whoever has the
// file can try as many as they like.
const MinPassphrase = 16

const (
	// stanza names our way to wrap a file's key with a passphrase. age's own makes
	// a new key of it for each file, which takes most of a second; a journal has
	// thousands. Ours keeps the salt and takes a new nonce, of 24 random bytes.
	stanza = "rollcall-passphrase"

	saltSize = 16
	// Making a key takes 128 MiB of memory and a few tenths of a second.
	scryptN, scryptR, scryptP = 1 << 17, 8, 1
	// maxSalts is how many keys one run makes at most.
	maxSalts = 32
)

// passphrase is both an [age.Recipient] and an [age.Identity].
type passphrase struct {
	secret func() (string, error)
	n      int

	mu   sync.Mutex
	keys map[[saltSize]byte]cipher.AEAD
	// salt is the one that is written with, once there is any: that of the first
	// thing that was opened.
	salt *[saltSize]byte
}

func newPassphrase(secret func() (string, error), n int) *passphrase {
	return &passphrase{secret: secret, n: n, keys: map[[saltSize]byte]cipher.AEAD{}}
}

// phraseError is a passphrase that could not be had, or that is none.
type phraseError struct{ error }

// key returns the key that the passphrase makes with salt; nil is the salt to
// write with.
func (p *passphrase) key(salt *[saltSize]byte) (cipher.AEAD, *[saltSize]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if salt == nil {
		salt = p.salt
	}
	if salt == nil {
		salt = new([saltSize]byte)
		_, _ = rand.Read(salt[:]) // never fails
		p.salt = salt
	}
	if known, ok := p.keys[*salt]; ok {
		return known, salt, nil
	}
	if len(p.keys) == maxSalts {
		return nil, nil, &phraseError{errors.New("it was encrypted with too many salts: nothing of ours writes that")}
	}
	made, err := p.make(salt)
	if err != nil {
		return nil, nil, &phraseError{err}
	}
	p.keys[*salt] = made
	return made, salt, nil
}

// text is the passphrase, unless it is none.
func (p *passphrase) text() (string, error) {
	text, err := p.secret()
	if err != nil {
		return "", err
	}
	if len(text) < MinPassphrase {
		return "", fmt.Errorf("the passphrase is too short: give at least %d characters, at random", MinPassphrase)
	}
	return text, nil
}

func (p *passphrase) make(salt *[saltSize]byte) (cipher.AEAD, error) {
	text, err := p.text()
	if err != nil {
		return nil, err
	}
	key, err := scrypt.Key([]byte(text), append([]byte(stanza), salt[:]...), p.n, scryptR, scryptP, chacha20poly1305.KeySize)
	if err != nil {
		return nil, err
	}
	return chacha20poly1305.NewX(key)
}

// Wrap encrypts the key of a file.
func (p *passphrase) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	aead, salt, err := p.key(nil)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return []*age.Stanza{{
		Type: stanza, Args: []string{encode(salt[:]), encode(nonce)}, Body: aead.Seal(nil, nonce, fileKey, nil),
	}}, nil
}

// Unwrap decrypts the key of a file that was encrypted with this passphrase.
func (p *passphrase) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	for _, s := range stanzas {
		if s.Type != stanza {
			continue
		}
		key, err := p.unwrap(s)
		if err != nil {
			return nil, err
		}
		if key != nil {
			return key, nil
		}
	}
	return nil, age.ErrIncorrectIdentity
}

// unwrap returns no key where the passphrase is another one.
func (p *passphrase) unwrap(s *age.Stanza) ([]byte, error) {
	if len(s.Args) != 2 {
		return nil, errors.New("two arguments are needed")
	}
	var salt [saltSize]byte
	given, err := decode(s.Args[0])
	if err != nil || copy(salt[:], given) != saltSize || len(given) != saltSize {
		return nil, errors.New("no salt")
	}
	nonce, err := decode(s.Args[1])
	if err != nil || len(nonce) != chacha20poly1305.NonceSizeX {
		return nil, errors.New("no nonce")
	}
	aead, _, err := p.key(&salt)
	if err != nil {
		return nil, err
	}
	fileKey, err := aead.Open(nil, nonce, s.Body, nil)
	if err != nil {
		return nil, nil // another passphrase is no failure
	}
	p.keep(&salt)
	return fileKey, nil
}

// keep makes salt the one that is written with, unless there is one.
func (p *passphrase) keep(salt *[saltSize]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.salt == nil {
		p.salt = salt
	}
}

func encode(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }

func decode(s string) ([]byte, error) { return base64.RawStdEncoding.Strict().DecodeString(s) }
