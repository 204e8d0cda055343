package sandbox

import (
	"bytes"
	"net"
	"net/http"
	"slices"
	"time"
)

// exchange is one request on its way through the faults that strike it.
type exchange struct {
	service  *Service
	w        http.ResponseWriter
	r        *http.Request
	segments []string
	faults   strike
}

// run answers the request and returns the status; 0 where there was no answer.
func (x *exchange) run() int {
	if x.faults.slow > 0 && !x.pause(x.faults.slow) {
		return 0
	}
	f := x.faults.action
	if f == nil {
		return x.reply(x.answer())
	}
	switch f.action {
	case actionDrop:
		return x.hangUp(false)
	case actionReset:
		return x.hangUp(true)
	case actionCommitDrop:
		x.answer()
		return x.hangUp(false)
	case actionCommitStatus:
		x.answer()
		return x.reply(x.refusal(f))
	case actionTruncate:
		return x.truncate(x.answer())
	case actionIgnore:
		return x.reply(x.pretend())
	case actionFlood:
		return x.flood()
	case actionHTML:
		return x.reply(loginPage())
	}
	return x.reply(x.refusal(f))
}

// pause waits, and says whether the client still does.
func (x *exchange) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-x.r.Context().Done():
	case <-x.service.closing:
	}
	return false
}

func (x *exchange) answer() *response { return x.service.answer(x.w, x.r, x.segments) }

func (x *exchange) reply(out *response) int {
	if x.faults.drip > 0 {
		return x.drip(out)
	}
	x.service.send(x.w, out)
	return out.status
}

// dripSize is how much of a body comes at a time.
const dripSize = 64

// drip sends the body in small pieces with pauses between them.
func (x *exchange) drip(out *response) int {
	sendHead(x.w, out)
	for piece := range slices.Chunk(out.body, dripSize) {
		_, err := x.w.Write(piece)
		if err != nil || http.NewResponseController(x.w).Flush() != nil || !x.pause(x.faults.drip) {
			break
		}
	}
	return out.status
}

// floodSize ends a flood that a client does not end itself.
const floodSize = 1 << 30

// flood starts a list and never comes to its end.
func (x *exchange) flood() int {
	x.w.Header().Set("Content-Type", "application/scim+json; charset=utf-8")
	x.w.WriteHeader(http.StatusOK)
	_, err := x.w.Write([]byte(`{"schemas":[`))
	blank := bytes.Repeat([]byte(" "), 64<<10)
	for sent := 0; err == nil && sent < floodSize && !x.service.closed(); sent += len(blank) {
		_, err = x.w.Write(blank)
	}
	return http.StatusOK
}

// refusal is the answer of a fault with a status.
func (x *exchange) refusal(f *Fault) *response {
	out := failf(f.status, f.scimType, "injected fault: %s", f.text).response()
	if f.hasRetry {
		out.set("Retry-After", f.retryHeader(x.service.options.Clock()))
	}
	return out
}

// hangUp closes the connection without an answer. Where there is no connection
// to take, as in a recorder, the server is told to abort.
func (x *exchange) hangUp(reset bool) int {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
	return 0
}

// truncate promises the whole answer and sends half of it.
func (x *exchange) truncate(out *response) int {
	if len(out.body) == 0 {
		return x.hangUp(false)
	}
	sendHead(x.w, out)
	_, _ = x.w.Write(out.body[:len(out.body)/2])
	_ = http.NewResponseController(x.w).Flush()
	x.hangUp(false)
	return out.status
}

// pretend answers a write as if it were done: with the resource as it is, or
// with nothing.
func (x *exchange) pretend() *response {
	if len(x.segments) < 2 || x.r.Method == http.MethodDelete || x.r.Method == http.MethodPost {
		return &response{status: http.StatusNoContent}
	}
	read := x.r.Clone(x.r.Context())
	read.Method = http.MethodGet
	return x.service.answer(x.w, read, x.segments)
}

// loginPage is what a proxy answers that wants somebody to sign in.
func loginPage() *response {
	out := &response{status: http.StatusOK, body: []byte("<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>\n")}
	return out.set("Content-Type", "text/html; charset=utf-8")
}
