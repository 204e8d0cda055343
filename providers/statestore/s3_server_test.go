package statestore_test

import (
	"crypto/md5"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// s3Server is a bucket in memory that speaks as much of S3 as a state needs.
type s3Server struct {
	mu      sync.Mutex
	objects map[string]s3Stored
	// lies makes it ignore conditions on writes, all or by their header's name.
	lies string
}

type s3Stored struct {
	body    []byte
	etag    string
	written time.Time
}

// startS3 starts a bucket and returns the root of a state in it.
func startS3(t *testing.T, s *s3Server, f *faults) string {
	t.Helper()
	s.objects = map[string]s3Stored{}
	return "s3|" + serve(t, s, f) + "#folder/state of " + strings.ReplaceAll(t.Name(), "/", "+")
}

func (s *s3Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key, _ := strings.CutPrefix(r.URL.Path, "/bucket/")
	have, there := s.objects[key]
	switch {
	case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential="):
		w.WriteHeader(http.StatusForbidden)
	case r.URL.Query().Get("list-type") == "2":
		s.list(w, r.URL.Query().Get("prefix"), r.URL.Query().Get("continuation-token"))
	case r.Method == http.MethodPut:
		if s.refuses(r, have, there) {
			w.WriteHeader(http.StatusPreconditionFailed)
			return
		}
		o := s3Stored{body: body, etag: fmt.Sprintf("%q", fmt.Sprintf("%x", md5.Sum(body))), written: time.Now()}
		s.objects[key] = o
		w.Header().Set("ETag", o.etag)
	case r.Method == http.MethodDelete:
		delete(s.objects, key)
		w.WriteHeader(http.StatusNoContent)
	case !there:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<Error><Code>NoSuchKey</Code></Error>")
	case r.Header.Get("If-None-Match") == have.etag:
		w.WriteHeader(http.StatusNotModified)
	default:
		w.Header().Set("ETag", have.etag)
		w.Header().Set("Last-Modified", have.written.UTC().Format(http.TimeFormat))
		_, _ = w.Write(have.body)
	}
}

// refuses reports whether a condition does not hold.
func (s *s3Server) refuses(r *http.Request, have s3Stored, there bool) bool {
	holds := func(header string) bool { return r.Header.Get(header) != "" && s.lies != "all" && s.lies != header }
	return holds("If-None-Match") && there ||
		holds("If-Match") && (!there || r.Header.Get("If-Match") != have.etag)
}

// list gives keys, three a page.
func (s *s3Server) list(w io.Writer, prefix, after string) {
	type content struct{ Key string }
	var page struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		Contents              []content
		IsTruncated           bool
		NextContinuationToken string
	}
	for _, key := range slices.Sorted(maps.Keys(s.objects)) {
		if !strings.HasPrefix(key, prefix) || key <= after {
			continue
		}
		if len(page.Contents) == 3 {
			page.IsTruncated, page.NextContinuationToken = true, page.Contents[2].Key
			break
		}
		page.Contents = append(page.Contents, content{key})
	}
	out, _ := xml.Marshal(page)
	_, _ = w.Write(out)
}
