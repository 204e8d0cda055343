package statestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// errNoDocument says that what is at the state's address was not written by
// rollcall, or not like that.
var errNoDocument = errors.New("it is no state of rollcall, or is cut short")

// A lock on what is no document is a lock without a lease: a renewal would write
// over it. It is the server's, by its id, until it is given back or broken.

// stillOurs asks for the lock under another id, which the server must refuse.
func (c *httpClaim) stillOurs(ctx context.Context) error {
	other := c.other()
	held, _, err := c.acquire(ctx, other)
	switch {
	case err != nil:
		return err
	case held == nil:
		return errors.Join(errLost, c.giveBack(ctx, other))
	case held.ID != c.who.ID && held.ID != unknownHolder.ID:
		return errLost
	}
	return nil
}

// inspect returns what is in the document; what is none is all that there is.
func (c *httpClaim) inspect(context.Context) (*contents, error) {
	c.using <- struct{}{}
	defer func() { <-c.using }()
	if c.broken != nil {
		return &contents{state: c.broken}, nil
	}
	return c.doc.contents(), nil
}

// displace writes what is there to a file on this machine: the protocol has no
// other place. It reads it once more, so that half an answer is not taken for all.
func (c *httpClaim) displace(ctx context.Context, _ begin, name string) (string, error) {
	c.using <- struct{}{}
	defer func() { <-c.using }()
	_, r, err := c.get(ctx)
	if err != nil && !errors.Is(err, errNoDocument) {
		return "", err
	}
	if c.broken != nil && !bytes.Equal(c.broken, r.body) {
		return "", errors.New("the server gives another answer each time it is asked for the state")
	}
	file := filepath.Join(filepath.Dir(c.logged.path), "state.json"+name)
	err = c.logged.disk.MkdirAll(filepath.Dir(file))
	if err == nil {
		err = keepFile(c.logged.disk, file, r.body, func() error { return nil })
	}
	if err != nil {
		return "", &refusal{err}
	}
	if c.broken != nil {
		c.doc = document{Format: documentFormat, Version: documentVersion, Lineage: c.who.ID, Serial: serialIn(c.broken)}
		c.displaced = true
	}
	return fmt.Sprintf("%s on this machine", file), nil
}

var serialForm = regexp.MustCompile(`"serial"\s*:\s*(\d{1,15})\b`)

// serialIn returns a serial that the server has not seen: it refuses what is not
// above the last one, which is only guessed from what is left. Nobody has written
// a document every second since 1970.
func serialIn(left []byte) uint64 {
	serial := uint64(time.Now().Unix())
	if found := serialForm.FindSubmatch(left); found != nil {
		if n, err := strconv.ParseUint(string(found[1]), 10, 64); err == nil {
			serial = max(serial, n)
		}
	}
	return serial
}
