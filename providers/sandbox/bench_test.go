package sandbox_test

import (
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/providers/sandbox"
)

// fullUser is a user with the attributes that rollcall maps by default.
func fullUser(i int) string {
	return fmt.Sprintf(`{"schemas":[%q],"userName":"person%06d@example.com","externalId":"00u%06d","active":true,`+
		`"displayName":"Given%d Family%d","name":{"givenName":"Given%d","familyName":"Family%d"},`+
		`"emails":[{"value":"person%06d@example.com","type":"work","primary":true}]}`, userURN, i, i, i, i, i, i, i)
}

// send does a request without looking at the body of the answer.
func send(b *testing.B, c *client, status int, method, path, body string) {
	b.Helper()
	r := httptest.NewRequest(method, sandbox.BasePath+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	if c.service.ServeHTTP(w, r); w.Code != status {
		b.Fatalf("%s %s: status %d: %s", method, path, w.Code, w.Body)
	}
}

const crowd = 100_000

// crowded opens a service with a crowd of users in one group.
func crowded(b *testing.B, path string) *client {
	b.Helper()
	c := open(b, sandbox.Options{Path: path, NoSync: true})
	members := make([]string, crowd)
	for i := range crowd {
		send(b, c, 201, "POST", "/Users", fullUser(i))
		members[i] = fmt.Sprintf("u%d", i+1)
	}
	send(b, c, 201, "POST", "/Groups", groupBody("Everybody", members...))
	return c
}

func BenchmarkPost(b *testing.B) {
	c := open(b, sandbox.Options{Path: filepath.Join(b.TempDir(), "sandbox.json"), NoSync: true})
	for i := 0; b.Loop(); i++ {
		send(b, c, 201, "POST", "/Users", fullUser(i))
	}
}

// BenchmarkPostDurable shows what shared flushes cost a busy client.
func BenchmarkPostDurable(b *testing.B) {
	c := open(b, sandbox.Options{Path: filepath.Join(b.TempDir(), "sandbox.json")})
	for i := 0; b.Loop(); i++ {
		send(b, c, 201, "POST", "/Users", fullUser(i))
	}
}

func BenchmarkCrowd(b *testing.B) {
	path := filepath.Join(b.TempDir(), "sandbox.json")
	c := crowded(b, path)
	b.Run("list all in pages of 1000", func(b *testing.B) {
		for b.Loop() {
			for start := 1; start <= crowd; start += 1000 {
				send(b, c, 200, "GET", fmt.Sprintf("/Users?startIndex=%d&count=1000", start), "")
			}
		}
	})
	b.Run("find by name", func(b *testing.B) {
		for b.Loop() {
			send(b, c, 200, "GET", "/Users?filter=userName+eq+%22PERSON012345@example.com%22", "")
		}
	})
	b.Run("scan", func(b *testing.B) {
		for b.Loop() {
			send(b, c, 200, "GET", "/Users?count=1&filter=emails.value+co+%2299999%22", "")
		}
	})
	b.Run("remove and add one member", func(b *testing.B) {
		body := patchBody(`{"op":"remove","path":"members[value eq \"u7\"]"}`, `{"op":"add","path":"members","value":[{"value":"u7"}]}`)
		path := fmt.Sprintf("/Groups/u%d?excludedAttributes=members", crowd+1)
		for b.Loop() {
			send(b, c, 200, "PATCH", path, body)
		}
	})
	if err := c.service.Close(); err != nil {
		b.Fatal(err)
	}
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			s, err := sandbox.Open(sandbox.Options{Path: path})
			if err != nil {
				b.Fatal(err)
			}
			_ = s.Close()
		}
	})
}
