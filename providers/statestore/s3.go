package statestore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/rollcall-dev/rollcall/planner/statefile"
	"github.com/rollcall-dev/rollcall/providers"
)

// S3Options say where in S3, or in a service that speaks its protocol, a state
// is kept.
type S3Options struct {
	RemoteOptions
	// Bucket and Key name the object of the state. Beside it stand KEY.lock and,
	// under KEY.journal/, the journal, and under KEY.log/ the audit log.
	Bucket, Key string
	// Region is the bucket's; "us-east-1" if empty.
	Region string
	// Endpoint is the service's address where that is not Amazon's; the bucket
	// then stands in its path.
	Endpoint string
	// Credentials are those to sign with; nil finds them where AWS's tools do.
	Credentials aws.CredentialsProvider
	// Proxy is that of [providers.ClientOptions].
	Proxy func(*http.Request) (*url.URL, error)
}

var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	regionName = regexp.MustCompile(`^[a-z0-9-]+$`)
)

// NewS3 returns the store in an S3 bucket. It opens no connection.
func NewS3(o S3Options) (*Remote, error) {
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	switch {
	case !bucketName.MatchString(o.Bucket):
		return nil, fmt.Errorf("%q is no name of a bucket: small letters, digits, dots and dashes, 3 to 63 of them", o.Bucket)
	case !regionName.MatchString(o.Region):
		return nil, fmt.Errorf("%q is no name of a region, such as eu-central-1", o.Region)
	case !soundKey(o.Key):
		return nil, fmt.Errorf("%q is no key of an object: a path of names, without a slash at its beginning or end, as in \"rollcall/state\"", o.Key)
	}
	b := &bucket{
		name: o.Bucket, region: o.Region, credentials: o.Credentials,
		signer: v4.NewSigner(func(s *v4.SignerOptions) { s.DisableURIPathEscaping = true }),
	}
	var endpoint string
	endpoint, b.path = s3Endpoint(o)
	var err error
	b.http, b.base, err = providers.NewHTTPClient(providers.ClientOptions{
		BaseURL: endpoint, AllowedHosts: o.AllowedHosts, Proxy: o.Proxy,
	})
	if err != nil {
		return nil, err
	}
	return newRemote(&s3{bucket: b, key: o.Key}, o.RemoteOptions), nil
}

// s3Endpoint returns the address that requests start with, and whether the
// bucket has yet to stand in the path: a certificate covers no dots in its name.
func s3Endpoint(o S3Options) (address string, path bool) {
	domain := "amazonaws.com"
	if strings.HasPrefix(o.Region, "cn-") {
		domain += ".cn"
	}
	switch {
	case o.Endpoint != "":
		return o.Endpoint, true
	case strings.Contains(o.Bucket, "."):
		return "https://s3." + o.Region + "." + domain, true
	}
	return "https://" + o.Bucket + ".s3." + o.Region + "." + domain, false
}

// soundKey reports whether every service takes key for the same object.
func soundKey(key string) bool {
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || part == "." || part == ".." || strings.ContainsFunc(part, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) {
			return false
		}
	}
	return len(key) <= 900
}

// s3 is a [service] in a bucket. What keeps two writers apart are conditional
// writes, and that a writer looks at the lock after it wrote to the journal:
// whoever takes the lock afterwards reads what was written, and whoever took it
// before is found there. The state is written in the place of the version that
// was read; who takes a lock over writes it anew, so that a late save of the
// former holder finds another version.
type s3 struct {
	*bucket
	key string
}

var _ service = (*s3)(nil)

// String names service, bucket and key.
func (s *s3) String() string {
	return fmt.Sprintf("s3://%s/%s at %s", s.name, s.key, s.base.Host)
}

func (s *s3) lockKey() string { return s.key + ".lock" }

// s3Lock is what the lock's object says. It is never removed, so that its
// generation counts all holders.
type s3Lock struct {
	Version    int    `json:"version"`
	Generation uint64 `json:"generation"`
	// Beat makes each renewal another object.
	Beat uint64 `json:"beat"`
	// Milliseconds is the lease: the lock is free that long after it was written.
	Milliseconds int64 `json:"lease_ms"`
	Held         bool  `json:"held"`
	// Unclear: something that a former holder sent may still arrive.
	Unclear bool   `json:"unclear"`
	Holder  holder `json:"holder"`
}

const s3LockVersion = 1

func (l *s3Lock) lease() time.Duration { return time.Duration(l.Milliseconds) * time.Millisecond }

// expired reports whether the lease of an object of that age is over. Ages are
// in whole seconds.
func (l *s3Lock) expired(age time.Duration) bool { return age > l.lease()+time.Second }

func (l *s3Lock) info(age time.Duration) providers.LockInfo {
	i := l.Holder.info()
	if age >= 0 {
		i.Expires = time.Now().Add(l.lease() + time.Second - age).UTC().Truncate(time.Second)
	}
	return i
}

// look reads the lock: a zero one without an etag where there is none.
func (s *s3) look(ctx context.Context) (l s3Lock, o *s3Object, err error) {
	o, err = s.get(ctx, s.lockKey())
	if errors.Is(err, errAbsent) {
		return l, &s3Object{}, nil
	}
	if err != nil {
		return l, nil, err
	}
	if err := json.Unmarshal(o.body, &l); err != nil || l.Version == 0 {
		return l, nil, refuse("the object %s is no lock of rollcall; use another key, or remove it", s.lockKey())
	}
	if l.Version > s3LockVersion {
		return l, nil, refuse("the lock was written by a newer rollcall; upgrade rollcall")
	}
	return l, o, nil
}

func (s *s3) holder(ctx context.Context) (providers.LockInfo, bool, error) {
	l, o, err := s.look(ctx)
	if err != nil || !l.Held || l.expired(o.age) {
		return providers.LockInfo{}, false, err
	}
	return l.info(o.age), true, nil
}

// take writes the lock in the place of one that is free, or over, or ours by a
// request whose answer was lost.
func (s *s3) take(ctx context.Context, h holder, lease time.Duration) (claim, error) {
	l, o, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	ours := l.Holder.ID == h.ID
	if l.Held && !ours && !l.expired(o.age) {
		return nil, &providers.LockedError{Holder: l.info(o.age)}
	}
	c := &s3Claim{s3: s, generation: l.Generation + 1, id: h.ID, lock: s3Lock{
		Version: s3LockVersion, Generation: l.Generation + 1, Milliseconds: lease.Milliseconds(),
		Held: true, Unclear: l.Unclear || l.Held && !ours, Holder: h,
	}}
	c.lockETag, err = s.putLock(ctx, o.etag, &c.lock)
	if errors.Is(err, errCondition) {
		return nil, &providers.LockedError{Holder: unknownHolder}
	}
	if err != nil {
		return nil, err
	}
	if err := c.settle(ctx); err != nil {
		if final(err) {
			err = errors.Join(err, c.release(ctx, !c.lock.Unclear))
		}
		return nil, err
	}
	return c, nil
}

func (s *s3) putLock(ctx context.Context, etag string, l *s3Lock) (string, error) {
	body, err := json.Marshal(l)
	if err != nil {
		return "", err
	}
	return s.put(ctx, s.lockKey(), etag, body)
}

func (s *s3) free(ctx context.Context, id string) error {
	l, o, err := s.look(ctx)
	switch {
	case err != nil:
		return err
	case !l.Held:
		return ErrNotLocked
	case l.Holder.ID != id:
		return &providers.LockedError{Holder: l.info(o.age)}
	}
	l.Generation, l.Held, l.Unclear = l.Generation+1, false, true
	if _, err = s.putLock(ctx, o.etag, &l); errors.Is(err, errCondition) {
		return errors.New("the lock was renewed or given back at the same moment") // and looked at again
	}
	return err
}

// envelope is the first line of the state's object; the state follows.
type envelope struct {
	Format     string `json:"format"`
	Version    int    `json:"version"`
	Generation uint64 `json:"generation"`
	// Empty: no state was saved yet.
	Empty bool `json:"empty,omitempty"`
}

const (
	envelopeFormat  = "rollcall-s3"
	envelopeVersion = 1
)

// wrap puts a state into its envelope; empty says that none was saved yet.
func wrap(generation uint64, state []byte, empty bool) ([]byte, error) {
	head, err := json.Marshal(envelope{envelopeFormat, envelopeVersion, generation, empty})
	if err != nil {
		return nil, err
	}
	return append(append(head, '\n'), state...), nil
}

// unwrap returns the state in an object. One that somebody put there without an
// envelope is the state itself.
func unwrap(object []byte) (envelope, []byte, error) {
	var e envelope
	head, rest, _ := bytes.Cut(object, []byte("\n"))
	if err := json.Unmarshal(head, &e); err != nil || e.Format != envelopeFormat {
		return envelope{}, object, nil
	}
	if e.Version > envelopeVersion {
		return e, nil, refuse("the state was written by a newer rollcall; upgrade rollcall")
	}
	return e, rest, nil
}

// object reads the state's object: an empty one, which says so, where there is none.
func (s *s3) object(ctx context.Context) (e envelope, state []byte, etag string, err error) {
	o, err := s.get(ctx, s.key)
	if errors.Is(err, errAbsent) {
		return envelope{Empty: true}, nil, "", nil
	}
	if err != nil {
		return e, nil, "", err
	}
	e, state, err = unwrap(o.body)
	return e, state, o.etag, err
}

// whole refuses an object of which nothing is left.
func (e *envelope) whole(state []byte) error {
	if len(state) == 0 && !e.Empty {
		return refuse("%w (nothing is left of it)", statefile.ErrAltered)
	}
	return nil
}

// read returns the state and its journal as of one moment: the state is the
// same before and after the journal was read.
func (s *s3) read(ctx context.Context) (*contents, error) {
	for ctx.Err() == nil {
		e, state, etag, err := s.object(ctx)
		if err == nil {
			err = e.whole(state)
		}
		if err != nil {
			return nil, err
		}
		c := &contents{state: state}
		frames, _, err := s.segments(ctx, c)
		if err != nil && !errors.Is(err, errAbsent) {
			return nil, err
		}
		gone := err != nil
		changed, err := s.changed(ctx, s.key, etag)
		if err != nil {
			return nil, err
		}
		if !changed && !gone {
			c.frames = frames
			return c, nil
		}
	}
	return nil, context.Cause(ctx)
}
