package statestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// The audit log in a bucket is an object for whatever was appended at once. No
// request of ours replaces or removes one, so that a bucket with object lock, or
// a role that may not delete, keeps it safe from us too.

func (s *s3) logPrefix() string { return s.key + ".log/" }

// logKey names what begins with the record of that number. Keys sort the newest
// first, so that one request finds the end of the log.
func (s *s3) logKey(first uint64) string {
	return fmt.Sprintf("%s%020d", s.logPrefix(), math.MaxUint64-first)
}

func (s *s3) logPieces() func(context.Context) ([]byte, error) {
	var left []string
	listed := false
	return func(ctx context.Context) ([]byte, error) {
		if !listed {
			keys, err := s.list(ctx, s.logPrefix())
			if err != nil {
				return nil, err
			}
			left, listed = keys, true
			slices.Sort(left)
			slices.Reverse(left)
		}
		if len(left) == 0 {
			return nil, io.EOF
		}
		some := left[:min(atOnce, len(left))]
		objects, err := s.fetch(ctx, some)
		if err != nil {
			return nil, err
		}
		left = left[len(some):]
		return bytes.Join(objects, nil), nil
	}
}

func (c *s3Claim) lastLogged(ctx context.Context) ([]byte, error) {
	key, err := c.first(ctx, c.logPrefix())
	if err != nil || key == "" {
		return nil, err
	}
	o, err := c.get(ctx, key)
	if err != nil {
		return nil, err
	}
	return o.body, nil
}

// log writes an object, then looks at the lock, as with the journal: see [s3].
func (c *s3Claim) log(ctx context.Context, first uint64, lines []byte) error {
	key := c.logKey(first)
	_, err := c.put(ctx, key, "", lines)
	if errors.Is(err, errCondition) {
		have, err := c.get(ctx, key)
		if err != nil {
			return err
		}
		if err := c.stillOurs(ctx); err != nil {
			return err
		}
		if !bytes.Equal(have.body, lines) {
			return errLogMoved
		}
		return nil
	}
	if err != nil {
		return err
	}
	return c.stillOurs(ctx)
}
