package providers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxDepth is how deep the JSON of an answer may nest; SCIM needs four.
	maxDepth = 64
	// maxDetail is how many bytes of a target's own words an error repeats.
	maxDetail = 400
	// maxError is how many bytes of an answer that is no success are looked at.
	maxError = 64 << 10
)

// read turns an answer into a response, or into the error that it stands for.
func (c *Client) read(r Request, res *http.Response) (*Response, error) {
	if res.StatusCode >= 300 {
		return nil, c.refusal(r, res)
	}
	body, err := readAtMost(res.Body, c.opts.MaxBody, res.ContentLength)
	if err != nil {
		return nil, fmt.Errorf("%s %s: read the answer: %w", r.Method, c.shown(r), err)
	}
	out := &Response{Status: res.StatusCode, Header: res.Header, Body: bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))}
	out.Date, _ = http.ParseTime(res.Header.Get("Date"))
	if err := checkJSON(out.Body); err != nil {
		if r.Method != http.MethodGet && !bytes.HasPrefix(out.Body, []byte("<")) {
			// Done, and said in words of its own. What a create needs from the
			// answer is looked up.
			out.Body = nil
			return out, nil
		}
		e := c.requestError(r, res, nil)
		e.Detail = err.Error() + ": " + c.cleaned(out.Body)
		return nil, e
	}
	return out, nil
}

// readAtMost reads all of r, or fails when there is more than limit. length is
// what the answer says of itself, negative if it says nothing.
func readAtMost(r io.Reader, limit, length int64) ([]byte, error) {
	var body bytes.Buffer
	// What the answer says is believed up to a megabyte, and checked by reading.
	body.Grow(int(min(max(length, 0), limit, 1<<20)) + bytes.MinRead)
	n, err := body.ReadFrom(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, fmt.Errorf("it is longer than %d bytes", limit)
	}
	return body.Bytes(), nil
}

// checkJSON accepts nothing at all, and JSON that does not nest too deep. A
// page of HTML under status 200 is what a proxy or a log-in page answers.
func checkJSON(body []byte) error {
	if len(body) == 0 {
		return nil
	}
	if tooDeep(body) {
		return fmt.Errorf("the answer nests deeper than %d", maxDepth)
	}
	if !json.Valid(body) {
		return errors.New("the answer is no JSON")
	}
	return nil
}

// tooDeep counts brackets outside strings. It runs before the parser does.
func tooDeep(body []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// refusal is the error for an answer that is no success.
func (c *Client) refusal(r Request, res *http.Response) error {
	// What cannot be read of an error's body is not worth another error.
	body, _ := io.ReadAll(io.LimitReader(res.Body, maxError))
	e := c.requestError(r, res, body)
	switch {
	case res.StatusCode < 400:
		e.SCIMType, e.Detail = "", c.redirect(res.Header.Get("Location"))
	case res.StatusCode == http.StatusUnauthorized, res.StatusCode == http.StatusForbidden:
		return &CredentialsError{Err: e}
	}
	return e
}

// redirect says where a redirect leads, by its host alone: the rest may hold secrets.
func (c *Client) redirect(location string) string {
	host := c.base.Host
	if u, err := url.Parse(location); err == nil && u.Host != "" {
		host = u.Host
	}
	return fmt.Sprintf("the target redirects to the host %q; redirects are never followed, check the base URL", c.visible(host))
}

var requestIDHeaders = [...]string{
	"X-Request-Id", "X-Amzn-Requestid", "X-Okta-Request-Id", "X-Github-Request-Id", "X-Slack-Req-Id", "Atl-Traceid", "X-Ms-Request-Id",
	"X-Correlation-Id", "Request-Id", "Cf-Ray",
}

// requestID is how the target names a request that it answered, if it does.
func (c *Client) requestID(h http.Header) string {
	for _, name := range requestIDHeaders {
		if id := h.Get(name); id != "" {
			return c.visible(id)
		}
	}
	return ""
}

// requestError is r's error with what body says, in the target's own words.
func (c *Client) requestError(r Request, res *http.Response, body []byte) *RequestError {
	e := &RequestError{Method: r.Method, Path: c.shown(r), Status: res.StatusCode, RequestID: c.requestID(res.Header)}
	scimType, detail, ok := parseError(body)
	if !ok {
		e.Detail = c.cleaned(body)
		return e
	}
	e.SCIMType, e.Detail = c.visible(scimType), c.visible(detail)
	return e
}

// parseError finds scimType and detail in an error's body (RFC 7644 section
// 3.12), or what other services say in their place. It reports false where the
// body is no JSON object.
func parseError(body []byte) (scimType, detail string, ok bool) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] != '{' || tooDeep(body) {
		return "", "", false
	}
	var members map[string]any
	if json.Unmarshal(body, &members) != nil {
		return "", "", false
	}
	scimType = firstText(members, "scimType")
	detail = firstText(members, "detail", "message", "error_description", "errorSummary", "title", "error")
	if detail == "" && scimType == "" {
		detail = string(body)
	}
	return scimType, detail, true
}

// firstText returns the first of names that members has a text for. Names are
// compared without case.
func firstText(members map[string]any, names ...string) string {
	for _, name := range names {
		for key, value := range members {
			if text, ok := value.(string); ok && text != "" && strings.EqualFold(key, name) {
				return text
			}
		}
	}
	return ""
}

var (
	htmlHidden = regexp.MustCompile(`(?is)<(script|style|head)\b.*?</(script|style|head)>`)
	htmlTag    = regexp.MustCompile(`(?s)<[^>]*>`)
)

// cleaned is the readable text of a body that is no JSON, usually a page of HTML.
func (c *Client) cleaned(body []byte) string {
	text := string(body[:min(len(body), maxError)])
	text = htmlTag.ReplaceAllString(htmlHidden.ReplaceAllString(text, " "), " ")
	return c.visible(html.UnescapeString(text))
}

// visible makes outside text fit for one line of an error: the token taken out,
// white space joined, everything that does not print shown escaped, and cut.
func (c *Client) visible(s string) string {
	s = strings.Join(strings.Fields(c.guard.redact(s)), " ")
	var b strings.Builder
	for _, r := range s {
		if b.Len() > maxDetail {
			b.WriteString("…")
			break
		}
		switch {
		case r == utf8.RuneError:
			b.WriteString(`\ufffd`)
		case r == ' ' || unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
