package seal

import (
	"bytes"
	"testing"

	"filippo.io/age"
)

// BenchmarkSeal is what encryption adds to a frame of the journal (1 kB), and to a
// state of 100,000 people (30 MB).
func BenchmarkSeal(b *testing.B) {
	i, err := age.GenerateX25519Identity()
	if err != nil {
		b.Fatal(err)
	}
	k := New(Options{Recipients: []string{i.Recipient().String()}, Identities: said(i.String())})
	for name, size := range map[string]int{"frame": 1 << 10, "state": 30 << 20} {
		plain := bytes.Repeat([]byte("x"), size)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				encrypted, err := k.Seal(plain)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := k.Open(encrypted); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(encrypted)-size), "B-more")
			}
		})
	}
}

// BenchmarkPassphrase is the key that one run makes of a passphrase.
func BenchmarkPassphrase(b *testing.B) {
	for b.Loop() {
		k := New(Options{Passphrase: said(one)})
		if _, err := k.Seal(nil); err != nil {
			b.Fatal(err)
		}
	}
}
