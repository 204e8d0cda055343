package storetest

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
	"time"
)

// S3 is a server with one bucket in memory, called "bucket", that speaks as much
// of S3 as a state needs.
type S3 struct {
	mu      sync.Mutex
	objects map[string]s3Stored
	// Lies makes it ignore conditions on writes, all or by their header's name.
	Lies string
}

// Cut cuts every object whose key ends with suffix to its first n bytes, and
// reports whether there is one that long.
func (s *S3) Cut(suffix string, n int) (cut bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, o := range s.objects {
		if strings.HasSuffix(key, suffix) && n < len(o.body) {
			o.body = o.body[:n]
			s.objects[key] = o
			cut = true
		}
	}
	return cut
}

// Keys lists what is in the bucket.
func (s *S3) Keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.objects))
}

type s3Stored struct {
	body    []byte
	etag    string
	written time.Time
}

// ServeHTTP answers one request.
func (s *S3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
		if s.objects == nil {
			s.objects = map[string]s3Stored{}
		}
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
func (s *S3) refuses(r *http.Request, have s3Stored, there bool) bool {
	holds := func(header string) bool { return r.Header.Get(header) != "" && s.Lies != "all" && s.Lies != header }
	return holds("If-None-Match") && there ||
		holds("If-Match") && (!there || r.Header.Get("If-Match") != have.etag)
}

// list gives keys, three a page.
func (s *S3) list(w io.Writer, prefix, after string) {
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
