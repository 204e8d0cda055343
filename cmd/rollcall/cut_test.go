package main

import (
	"fmt"
	"net"
	"os"
	"sync"
	"testing"
)

// direction is that of the bytes between rollcall and a target.
type direction string

const (
	request direction = "request"
	answer  direction = "answer"
)

// cut breaks one connection, with a reset, after so many bytes that went in one
// direction over all connections together. The zero value breaks none.
type cut struct {
	mu     sync.Mutex
	armed  direction
	left   int
	struck bool
}

// arm has the connection break that carries the byte number after.
func (c *cut) arm(d direction, after int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed, c.left, c.struck = d, after, false
}

// disarm reports whether a connection was broken, and breaks none any more.
func (c *cut) disarm() (struck bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed = ""
	return c.struck
}

// pass says how many of n bytes get through; fewer than n break the connection.
func (c *cut) pass(d direction, n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.armed != d {
		return n
	}
	if n <= c.left {
		c.left -= n
		return n
	}
	c.armed, c.struck = "", true
	return c.left
}

// cutting is a listener whose connections may break.
type cutting struct {
	net.Listener
	cut *cut
}

// Accept waits for a connection.
func (l cutting) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &cutConn{conn, l.cut}, nil
}

// cutConn is a connection that may break.
type cutConn struct {
	net.Conn
	cut *cut
}

// Read reads what rollcall sends.
func (c *cutConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if through := c.cut.pass(request, n); through < n {
		return through, c.reset()
	}
	return n, err
}

// Write sends what the target answers.
func (c *cutConn) Write(p []byte) (int, error) {
	through := c.cut.pass(answer, len(p))
	n, err := c.Conn.Write(p[:through])
	if through < len(p) {
		return n, c.reset()
	}
	return n, err
}

// reset ends the connection at once, whatever is still under way.
func (c *cutConn) reset() error {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
	return net.ErrClosed
}

// TestTheWireBreaksAnywhereAndTheEndIsAsDeclared resets the connection after any
// number of bytes: in the middle of a request, so that the target never has it
// whole, and in the middle of an answer, so that what was asked for is done. With
// a thousand trials of chaos, a few bytes lie between one cut and the next.
func TestTheWireBreaksAnywhereAndTheEndIsAsDeclared(t *testing.T) {
	t.Parallel()
	k := newKilling(t)
	broken := map[direction]int{}
	total := &stops{by: map[os.Signal]int{}}
	for way, stride := range map[direction]int{request: 911, answer: 1951} {
		stride = min(stride, max(1, stride*7/chaosTrials(t)))
		for after, struck := 0, true; struck && !t.Failed(); after += stride {
			root := k.today(t)
			k.cut.arm(way, after)
			c, out := k.command(root, "apply", "-auto-approve", "-parallelism=1")
			err := c.Run()
			if struck = k.cut.disarm(); !struck && err != nil {
				t.Errorf("apply on a whole wire: %v\n%s", err, out)
			}
			total.runs++
			total.kept(t, k)
			k.finish(t, root)
			total.compare(t, k)
			if struck {
				broken[way]++
			}
			if t.Failed() {
				t.Logf("after %d bytes of %s: %s", after, way, out)
			}
		}
	}
	total.others = fmt.Sprintf(", requests cut %d, answers cut %d", broken[request], broken[answer])
	t.Logf("%s: %v", t.Name(), total)
	if broken[request] < 5 || broken[answer] < 5 {
		t.Errorf("the wire broke %v times, want at least five of each", broken)
	}
}
