package providers_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/providers"
)

// issue signs a certificate; without a parent it signs itself.
func issue(t *testing.T, template, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if parent == nil {
		parent, signer = template, key
	}
	template.SerialNumber = big.NewInt(1)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// loopbackCertificate is one that is good for 127.0.0.1, now.
func loopbackCertificate() *x509.Certificate {
	return &x509.Certificate{
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
}

func TestCertificatesThatDoNotHoldAreRefused(t *testing.T) {
	t.Parallel()
	authority := &x509.Certificate{
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	ca, signer := issue(t, authority, nil, nil)
	stranger, strangersKey := issue(t, authority, nil, nil)
	for name, test := range map[string]struct {
		with   func(*x509.Certificate)
		parent *x509.Certificate
		key    *ecdsa.PrivateKey
		good   bool
	}{
		"as it should be":         {func(*x509.Certificate) {}, ca, signer, true},
		"expired":                 {func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, ca, signer, false},
		"not yet valid":           {func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }, ca, signer, false},
		"of another address":      {func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(10, 0, 0, 1)} }, ca, signer, false},
		"not for servers":         {func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }, ca, signer, false},
		"self-signed":             {func(*x509.Certificate) {}, nil, nil, false},
		"by an unknown authority": {func(*x509.Certificate) {}, stranger, strangersKey, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			template := loopbackCertificate()
			test.with(template)
			leaf, key := issue(t, template, test.parent, test.key)
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				if !test.good {
					t.Error("a request arrived")
				}
			}))
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{leaf.Raw}, PrivateKey: key}}}
			s.StartTLS()
			t.Cleanup(s.Close)
			c := client(t, s, func(o *providers.ClientOptions) {
				o.RootCAs = x509.NewCertPool()
				o.RootCAs.AddCert(ca)
			})
			_, err := c.Do(t.Context(), get("Users"))
			var unsent *providers.UnsentError
			if test.good && err != nil || !test.good && !errors.As(err, &unsent) {
				t.Errorf("got %v", err)
			}
		})
	}
}
