package providers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxRequestBody is how large the body of a request may be that somebody
// else's client makes.
const maxRequestBody = 8 << 20

// HTTPClient returns a client for libraries that speak a service's API: their
// requests are sent by c, under its base URL alone, with its credential, its
// pace, its retries and its limits. An answer that is no success is c's error,
// wrapped in an [*url.Error].
func (c *Client) HTTPClient() *http.Client {
	return &http.Client{Transport: roundTripper{c}, CheckRedirect: neverFollow}
}

// LibraryCause returns what became of a request that a library sent through
// [Client.HTTPClient], without what the library says around it.
func LibraryCause(err error) error {
	if e := (*RequestError)(nil); errors.As(err, &e) {
		return e
	}
	return plainCause(err)
}

// roundTripper lets a Client send the requests of an http.Client.
type roundTripper struct{ client *Client }

// RoundTrip sends req as the client would one of its own.
func (t roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	r, err := t.request(req)
	if err != nil {
		return nil, &UnsentError{Err: &refusedError{err}}
	}
	res, err := t.client.Do(req.Context(), r)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status:     fmt.Sprintf("%d %s", res.Status, http.StatusText(res.Status)),
		StatusCode: res.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: res.Header, Body: io.NopCloser(bytes.NewReader(res.Body)),
		ContentLength: int64(len(res.Body)), Request: req,
	}, nil
}

// request is req in the client's own form.
func (t roundTripper) request(req *http.Request) (Request, error) {
	r := Request{Method: req.Method, Query: req.URL.RawQuery, Header: req.Header.Clone()}
	base := t.client.base
	rest, below := strings.CutPrefix(req.URL.EscapedPath(), base.EscapedPath()+"/")
	if !below || req.URL.Scheme != base.Scheme || !strings.EqualFold(req.URL.Host, base.Host) {
		return r, fmt.Errorf("refused: the address is not below %s", base)
	}
	for segment := range strings.SplitSeq(rest, "/") {
		name, err := url.PathUnescape(segment)
		if err != nil {
			return r, err
		}
		r.Path = append(r.Path, name)
	}
	if req.Body == nil || req.Body == http.NoBody {
		return r, nil
	}
	body, err := io.ReadAll(io.LimitReader(req.Body, maxRequestBody+1))
	if err = errors.Join(err, req.Body.Close()); err == nil && len(body) > maxRequestBody {
		err = fmt.Errorf("refused: the body is longer than %d bytes", maxRequestBody)
	}
	r.Body = body
	return r, err
}
