package statestore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
)

// bucket sends the few requests that a state needs of S3, and signs them.
type bucket struct {
	name   string
	http   *http.Client
	base   *url.URL
	region string
	// path: the bucket's name stands in the path, not in the host.
	path   bool
	signer *v4.Signer

	// signing guards what follows, which is loaded when it is first needed.
	signing     sync.Mutex
	credentials aws.CredentialsProvider
	// skew is how much the service's clock is ahead of ours, once it complained.
	skew time.Duration
}

// What a request may end with that is no failure.
var (
	// errAbsent: there is no such object.
	errAbsent = errors.New("there is no such object")
	// errCondition: the object is not as the request said that it is.
	errCondition = errors.New("the object has changed")
	// errSame: the object is as the request said.
	errSame = errors.New("the object has not changed")
)

// largestAnswer bounds what is read of one object.
const largestAnswer = 1 << 30

// s3Request is one request. Headers hold its condition, if any.
type s3Request struct {
	method, key string
	query       url.Values
	header      map[string]string
	body        []byte
}

// s3Object is an answer, read whole.
type s3Object struct {
	body []byte
	etag string
	// age is how long ago it was written, by the service's clock; negative if it
	// does not tell.
	age time.Duration
}

// do sends r and turns what is no success into an error.
func (b *bucket) do(ctx context.Context, r s3Request) (*s3Object, error) {
	req, err := b.build(ctx, r)
	if err != nil {
		return nil, &refusal{err}
	}
	if err := b.sign(ctx, req, r.body); err != nil {
		return nil, err
	}
	res, err := b.http.Do(req)
	if err != nil {
		return nil, plainHTTP(r.method, r.key, err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, largestAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s %s: read the answer: %w", r.method, r.key, err)
	case len(body) > largestAnswer:
		return nil, refuse("%s %s: the answer is larger than %d bytes", r.method, r.key, largestAnswer)
	case res.StatusCode/100 == 2:
		return &s3Object{body: body, etag: res.Header.Get("ETag"), age: ageOf(res.Header)}, nil
	}
	return nil, b.failure(r, res, body)
}

// ageOf is how long ago an object was written, by the clock of the service.
func ageOf(h http.Header) time.Duration {
	now, err := http.ParseTime(h.Get("Date"))
	written, werr := http.ParseTime(h.Get("Last-Modified"))
	if err != nil || werr != nil {
		return -1
	}
	return max(now.Sub(written), 0)
}

// plainHTTP is a failed exchange without the address, which net/http repeats.
func plainHTTP(method, what string, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("%s %s: %w", method, what, err)
}

func (b *bucket) build(ctx context.Context, r s3Request) (*http.Request, error) {
	u := *b.base
	path := "/"
	if b.path {
		path += b.name + "/"
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + path + r.key
	u.RawPath = escapeKey(u.Path)
	u.RawQuery = strings.ReplaceAll(r.query.Encode(), "+", "%20")
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	req.URL.RawPath = u.RawPath
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	return req, nil
}

// escapeKey escapes a path as AWS does: all but unreserved characters and slashes.
func escapeKey(path string) string {
	var out strings.Builder
	for i := range len(path) {
		c := path[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~/", c) >= 0:
			out.WriteByte(c)
		default:
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}

// sign adds the credentials, which come from where AWS's own tools find them.
func (b *bucket) sign(ctx context.Context, req *http.Request, body []byte) error {
	b.signing.Lock()
	defer b.signing.Unlock()
	if b.credentials == nil {
		cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(b.region))
		if err != nil {
			return refuse("read the configuration of AWS: %w", err)
		}
		b.credentials = cfg.Credentials
	}
	c, err := b.credentials.Retrieve(ctx)
	if err != nil {
		return refuse("find credentials for the bucket %q: %w (set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the runner a role)", b.name, err)
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	req.Header.Set("X-Amz-Content-Sha256", hash)
	return b.signer.SignHTTP(ctx, c, req, hash, "s3", b.region, time.Now().Add(b.skew))
}

// failure turns an answer that is no success into an error.
func (b *bucket) failure(r s3Request, res *http.Response, body []byte) error {
	var said struct {
		Code, Message string
	}
	_ = xml.Unmarshal(body, &said) // some answers have no body, and say all by their status
	err := fmt.Errorf("%s %s: status %d %s %s", r.method, r.key, res.StatusCode, said.Code, said.Message)
	switch {
	case res.StatusCode == http.StatusNotFound && said.Code != "NoSuchBucket":
		return errAbsent
	case res.StatusCode == http.StatusPreconditionFailed:
		return errCondition
	case res.StatusCode == http.StatusNotModified:
		return errSame
	case said.Code == "RequestTimeTooSkewed":
		b.signing.Lock()
		defer b.signing.Unlock()
		if now, perr := http.ParseTime(res.Header.Get("Date")); perr == nil {
			b.skew = time.Until(now)
		}
		return err
	case res.StatusCode == http.StatusNotImplemented:
		return refuse("%w; a state needs conditional writes, which this service does not know", err)
	case res.StatusCode/100 == 3:
		return refuse("%w; is the bucket in another region than %q?", err, b.region)
	case res.StatusCode == http.StatusConflict, res.StatusCode == http.StatusRequestTimeout,
		res.StatusCode == http.StatusTooManyRequests, res.StatusCode >= 500:
		return err
	}
	return &refusal{err}
}

func (b *bucket) get(ctx context.Context, key string) (*s3Object, error) {
	return b.do(ctx, s3Request{method: http.MethodGet, key: key})
}

// changed reports whether an object is another one than that called etag;
// empty stands for none.
func (b *bucket) changed(ctx context.Context, key, etag string) (bool, error) {
	r := s3Request{method: http.MethodGet, key: key}
	if etag != "" {
		r.header = map[string]string{"If-None-Match": etag}
	}
	o, err := b.do(ctx, r)
	switch {
	case errors.Is(err, errSame):
		return false, nil
	case errors.Is(err, errAbsent):
		return etag != "", nil
	}
	// Not every service knows the condition on reads.
	return err == nil && o.etag != etag, err
}

// put writes an object in the place of the one called etag, or where there is
// none for an empty one, and returns the new one's. It is [errCondition] where
// something else is there.
func (b *bucket) put(ctx context.Context, key, etag string, body []byte) (string, error) {
	condition := map[string]string{"If-None-Match": "*"}
	if etag != "" {
		condition = map[string]string{"If-Match": etag}
	}
	o, err := b.do(ctx, s3Request{method: http.MethodPut, key: key, header: condition, body: body})
	if etag != "" && errors.Is(err, errAbsent) {
		return "", errCondition
	}
	if err != nil {
		return "", err
	}
	if o.etag == "" {
		return "", refuse("PUT %s: the service gives no ETag, which conditional writes need", key)
	}
	return o.etag, nil
}

func (b *bucket) remove(ctx context.Context, key string) error {
	_, err := b.do(ctx, s3Request{method: http.MethodDelete, key: key})
	return err
}

// first returns the first key that begins with prefix; empty where there is none.
func (b *bucket) first(ctx context.Context, prefix string) (string, error) {
	keys, _, err := b.page(ctx, url.Values{"list-type": {"2"}, "prefix": {prefix}, "max-keys": {"1"}})
	if err != nil || len(keys) == 0 {
		return "", err
	}
	return keys[0], nil
}

// list returns the keys that begin with prefix, sorted.
func (b *bucket) list(ctx context.Context, prefix string) ([]string, error) {
	var keys []string
	query := url.Values{"list-type": {"2"}, "prefix": {prefix}}
	for {
		some, next, err := b.page(ctx, query)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", prefix, err)
		}
		keys = append(keys, some...)
		if next == "" {
			return keys, nil
		}
		query.Set("continuation-token", next)
	}
}

// page lists what query asks for. next is the token that the list goes on with;
// empty at its end.
func (b *bucket) page(ctx context.Context, query url.Values) (keys []string, next string, err error) {
	o, err := b.do(ctx, s3Request{method: http.MethodGet, query: query})
	if errors.Is(err, errAbsent) {
		return nil, "", refuse("there is no bucket %q", b.name)
	}
	if err != nil {
		return nil, "", err
	}
	var page struct {
		Contents              []struct{ Key string }
		IsTruncated           bool
		NextContinuationToken string
	}
	if err := xml.Unmarshal(o.body, &page); err != nil {
		return nil, "", err
	}
	for _, c := range page.Contents {
		keys = append(keys, c.Key)
	}
	if page.IsTruncated && page.NextContinuationToken == "" {
		return nil, "", errors.New("the list goes on and does not say where")
	}
	if !page.IsTruncated {
		page.NextContinuationToken = ""
	}
	return keys, page.NextContinuationToken, nil
}
