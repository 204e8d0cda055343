package scim_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/providers/sandbox"
	"github.com/rollcall-dev/rollcall/providers/scim"
	"github.com/rollcall-dev/rollcall/schema"
)

// BenchmarkReadSandbox reads a whole target over loopback: everyone, and groups
// with eight memberships a person. "x-fetch" is its time over that of a bare
// http.Client that asks for the same addresses, as many at once, and looks at
// nothing of what it gets.
func BenchmarkReadSandbox(b *testing.B) {
	for _, people := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint("people=", people), func(b *testing.B) {
			s := crowdedSandbox(b, people)
			var read, fetch time.Duration
			requests := 0
			for b.Loop() {
				s.pages = nil
				began := time.Now()
				remote, err := s.target.Read(b.Context())
				read += time.Since(began)
				if err != nil || len(remote.Users) != people {
					b.Fatalf("read: %v", err)
				}
				asked := s.pages
				requests += len(asked)
				began = time.Now()
				s.fetch(b, asked)
				fetch += time.Since(began)
			}
			b.ReportMetric(read.Seconds()/float64(b.N), "read-s")
			b.ReportMetric(read.Seconds()/fetch.Seconds(), "x-fetch")
			b.ReportMetric(float64(requests)/float64(b.N), "requests")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// atOnce is how many pages are asked for at once.
const atOnce = 4

// crowd is a sandbox with many people behind a server that notes what it is
// asked for, and a client of it.
type crowd struct {
	*httptest.Server
	target *scim.Target
	mu     sync.Mutex
	pages  []string
}

func crowdedSandbox(b *testing.B, people int) *crowd {
	b.Helper()
	service, err := sandbox.Open(sandbox.Options{Token: canary})
	if err != nil {
		b.Fatal(err)
	}
	fill(b, service, people)
	s := &crowd{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.pages = append(s.pages, r.URL.RequestURI())
		s.mu.Unlock()
		service.ServeHTTP(w, r)
	}))
	b.Cleanup(s.Close)
	s.target, err = scim.New(scim.Config{
		Target: schema.Target{
			Address: "target.scim.x", Dialect: "scim", BaseURL: s.URL + sandbox.BasePath,
			Limits: schema.Limits{Parallelism: atOnce},
		},
		Token: schema.NewSecret(func() (string, error) { return canary, nil }),
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.target.Close)
	return s
}

// fill makes people, and a group for every hundred of them.
func fill(b *testing.B, service *sandbox.Service, people int) {
	b.Helper()
	members := make([]strings.Builder, max(people/100, 10))
	for p := range people {
		name := fmt.Sprintf("person%07d@example.com", p)
		id := made(b, service, "/Users", fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":%q,"externalId":%q,`+
			`"active":true,"displayName":"First Last%d","name":{"givenName":"First","familyName":"Last%d"},`+
			`"emails":[{"value":%q,"type":"work","primary":true}]}`, name, name, p, p, name))
		for k := range 8 {
			fmt.Fprintf(&members[(p*7+k*k*31+k)%len(members)], `,{"value":%q}`, id)
		}
	}
	for g := range members {
		made(b, service, "/Groups", fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"group %d","members":[%s]}`,
			g, strings.TrimPrefix(members[g].String(), ",")))
	}
}

// made posts one object and returns its id.
func made(b *testing.B, service *sandbox.Service, path, body string) string {
	r := httptest.NewRequest(http.MethodPost, sandbox.BasePath+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/scim+json")
	r.Header.Set("Authorization", "Bearer "+canary)
	w := httptest.NewRecorder()
	service.ServeHTTP(w, r)
	_, rest, _ := strings.Cut(w.Body.String(), `"id":"`)
	id, _, found := strings.Cut(rest, `"`)
	if w.Code != http.StatusCreated || !found {
		b.Fatalf("POST %s: status %d: %.500s", path, w.Code, w.Body)
	}
	return id
}

// fetch asks for all pages and throws the answers away.
func (s *crowd) fetch(b *testing.B, pages []string) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: atOnce}}
	defer client.CloseIdleConnections()
	var next atomic.Int64
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(pages); i = int(next.Add(1)) - 1 {
				if err := discard(client, s.URL+pages[i]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func discard(client *http.Client, address string) error {
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+canary)
	r.Header.Set("Accept", "application/scim+json")
	res, err := client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return err
}
