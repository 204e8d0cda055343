package providers_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-dev/rollcall/providers"
)

// hangs ends a script that holds the connection open, and says nothing more.
const hangs = ""

// peer answers each connection, once it has read a request, with what script
// writes, and closes it unless script hangs. It is done when all are closed.
func peer(done *sync.WaitGroup, script func(w io.Writer) (then error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		done.Go(func() {
			defer theirs.Close() //nolint:errcheck // it may be closed
			buf := make([]byte, 64<<10)
			if _, err := theirs.Read(buf); err != nil {
				return
			}
			if err := script(theirs); errors.Is(err, errHang) {
				for err == nil || errors.Is(err, errHang) {
					_, err = theirs.Read(buf) // until the other side has had enough
				}
			}
		})
		return ours, nil
	}
}

var errHang = errors.New("nothing more comes")

const okHeader = "HTTP/1.1 200 OK\r\nContent-Type: application/scim+json\r\n"

// writes is a script of one text.
func writes(text string, then error) func(io.Writer) error {
	return func(w io.Writer) error {
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
		return then
	}
}

// forever writes a text again and again, at intervals.
func forever(head, text string, every time.Duration) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, head)
		for err == nil {
			time.Sleep(every)
			_, err = io.WriteString(w, text)
		}
		return err
	}
}

// bomb is an answer of sixty-four megabytes of spaces, packed.
func bomb() string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for range 64 {
		_, _ = z.Write(bytes.Repeat([]byte(" "), 1<<20))
	}
	_ = z.Close()
	return fmt.Sprintf("%sContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", okHeader, b.Len(), b.String())
}

// TestNoPeerHoldsARequestLongerThanItsTime asks services that do not answer, or
// do so without an end. Time is that of the bubble.
func TestNoPeerHoldsARequestLongerThanItsTime(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		script func(io.Writer) error
		says   string
	}{
		"takes the request and says nothing":     {writes(hangs, errHang), "deadline"},
		"half a status":                          {writes("HTTP/1.1 2", errHang), "deadline"},
		"a header, and then nothing":             {writes(okHeader+"Content-Length: 9\r\n\r\n", errHang), "deadline"},
		"half a body, and then nothing":          {writes(okHeader+"Content-Length: 9\r\n\r\n{\"a", errHang), "deadline"},
		"a body that trickles":                   {forever(okHeader+"Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n", time.Second), "deadline"},
		"a header that trickles":                 {forever(okHeader, "X: y\r\n", time.Second), "deadline"},
		"a body without an end":                  {forever(okHeader+"\r\n", strings.Repeat(" ", 64<<10), 0), "longer than"},
		"a header without an end":                {forever(okHeader, "X-Long: "+strings.Repeat("x", 8<<10)+"\r\n", 0), "header"},
		"a header line without an end":           {forever(okHeader+"X: ", strings.Repeat("x", 8<<10), 0), "header"},
		"a hundred thousand early hints":         {forever("", "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n", 0), ""},
		"a chunk of all there is":                {writes(okHeader+"Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n{}", nil), "EOF"},
		"a chunk that is too large":              {writes(okHeader+"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}", nil), "chunk"},
		"less than it says":                      {writes(okHeader+"Content-Length: 900\r\n\r\n{}", nil), "EOF"},
		"a length that is none":                  {writes(okHeader+"Content-Length: -1\r\n\r\n{}", nil), "Content-Length"},
		"two lengths":                            {writes(okHeader+"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", nil), "Content-Length"},
		"no answer that anybody knows":           {writes("SSH-2.0-OpenSSH_9.6\r\n", nil), "malformed"},
		"what unpacks into sixty-four megabytes": {writes(bomb(), nil), "longer than"},
		"nothing, and closes":                    {writes("", nil), "EOF"},
	}
	for name, tt := range tests {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			t.Run(method+", "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var peers sync.WaitGroup
					defer peers.Wait()
					c, err := providers.NewClient(providers.ClientOptions{
						BaseURL: "http://127.0.0.1/v2", Dial: peer(&peers, tt.script), MaxAttempts: 1, MaxBody: 1 << 20,
						ReadTimeout: 30 * time.Second, WriteTimeout: 40 * time.Second,
					})
					if err != nil {
						t.Fatal(err)
					}
					began := time.Now()
					res, err := c.Do(t.Context(), providers.Request{Method: method, Path: []string{"Users"}, Body: []byte("{}")})
					if err == nil || !strings.Contains(err.Error(), tt.says) {
						t.Fatalf("got %v, %v, want an error with %q", res, err, tt.says)
					}
					if unsent := (*providers.UnsentError)(nil); errors.As(err, &unsent) {
						t.Errorf("got %v, which says that nothing can have been done", err)
					}
					if took := time.Since(began); took > 40*time.Second || strings.Contains(tt.says, "deadline") && took < 30*time.Second {
						t.Errorf("it took %v, want the time that was given", took)
					}
				})
			})
		}
	}
}

// TestWhatWasNeverSentIsKnownToBe has no connection come about: whoever creates
// then need not look whether that was done.
func TestWhatWasNeverSentIsKnownToBe(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		failed error
		tries  int32
	}{
		"no such host": {&net.DNSError{Err: "no such host", Name: "scim.example.com", IsNotFound: true}, 1},
		"DNS is down":  {&net.DNSError{Err: "server misbehaving", Name: "scim.example.com", IsTemporary: true}, 3},
		"refused":      {errors.New("connection refused"), 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var tried atomic.Int32
				c, err := providers.NewClient(providers.ClientOptions{
					BaseURL: "http://127.0.0.1/v2", MaxAttempts: 3,
					Dial: func(context.Context, string, string) (net.Conn, error) {
						tried.Add(1)
						return nil, &net.OpError{Op: "dial", Err: tt.failed}
					},
				})
				if err != nil {
					t.Fatal(err)
				}
				_, err = c.Do(t.Context(), providers.Request{Method: http.MethodPost, Path: []string{"Users"}, Body: []byte("{}")})
				unsent := (*providers.UnsentError)(nil)
				if !errors.As(err, &unsent) || tried.Load() != tt.tries {
					t.Errorf("after %d tries: got %v, want to know that nothing was sent", tried.Load(), err)
				}
			})
		})
	}
}

// TestStreamsThatAreResetAreLikeAnyLostAnswer speaks HTTP/2, whose streams end
// one by one on a connection that lives.
func TestStreamsThatAreResetAreLikeAnyLostAnswer(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]int32{http.MethodGet: 4, http.MethodPost: 1} {
		var asked, old atomic.Int32
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			if r.ProtoMajor != 2 {
				old.Add(1)
			}
			panic(http.ErrAbortHandler)
		}))
		s.EnableHTTP2 = true
		s.StartTLS()
		t.Cleanup(s.Close)
		c, err := providers.NewClient(providers.ClientOptions{
			BaseURL: s.URL, MaxAttempts: 4, RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs,
			Clock: providers.Clock{Sleep: func(context.Context, time.Duration) error { return nil }},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Do(t.Context(), providers.Request{Method: method, Path: []string{"Users"}, Body: []byte("{}")})
		if unsent := (*providers.UnsentError)(nil); err == nil || errors.As(err, &unsent) {
			t.Errorf("%s: got %v, want an outcome that nobody knows", method, err)
		}
		if asked.Load() != want || old.Load() != 0 {
			t.Errorf("%s: asked %d times, %d of them not by HTTP/2, want %d and none", method, asked.Load(), old.Load(), want)
		}
	}
}
