package statestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
)

// inspect reads the state's object, in which there need be no state, and every
// part of a journal.
func (c *s3Claim) inspect(ctx context.Context) (*contents, error) {
	k := &contents{}
	o, err := c.get(ctx, c.key)
	switch {
	case err == nil:
		// A newer form is no damage: it is an error, and nothing is displaced.
		if _, k.state, err = unwrap(o.body); err != nil {
			return nil, err
		}
	case !errors.Is(err, errAbsent):
		return nil, err
	}
	keys, err := c.list(ctx, c.journalPrefix())
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if serial, ok := c.serialOf(key); ok {
			k.serial = max(k.serial, serial)
		}
	}
	k.frames, err = c.fetch(ctx, keys)
	return k, err
}

// displace copies the objects of state and journal. The next save replaces the
// version of the state that was copied, and removes the journal.
func (c *s3Claim) displace(ctx context.Context, base begin, name string) (string, error) {
	o, err := c.get(ctx, c.key)
	etag := ""
	if err == nil {
		etag, err = o.etag, c.keep(ctx, c.key+name, o.body)
	}
	if err != nil && !errors.Is(err, errAbsent) {
		return "", err
	}
	keys, err := c.list(ctx, c.journalPrefix())
	if err != nil {
		return "", err
	}
	frames, err := c.fetch(ctx, keys)
	if err != nil {
		return "", err
	}
	for i, key := range keys {
		part := strings.TrimPrefix(key, c.journalPrefix())
		if err := c.keep(ctx, c.key+name+".journal/"+part, frames[i]); err != nil {
			return "", err
		}
	}
	c.at, c.stateETag, c.segmented = base, etag, keys
	return fmt.Sprintf("s3://%s/%s%s at %s", c.bucket.name, c.key, name, c.base.Host), nil
}

// keep makes an object that is kept for good: another of that name is not replaced.
func (c *s3Claim) keep(ctx context.Context, key string, body []byte) error {
	_, err := c.put(ctx, key, "", body)
	if !errors.Is(err, errCondition) {
		return err
	}
	have, err := c.get(ctx, key)
	if err == nil && !bytes.Equal(have.body, body) {
		err = refuse("there is another object %s already", key)
	}
	return err
}
