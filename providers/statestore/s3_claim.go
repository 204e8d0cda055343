package statestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
)

// s3Claim is the lock's object under one generation.
type s3Claim struct {
	*s3
	generation uint64
	id         string
	// lock is the object as it was renewed last, under lockETag.
	lock     s3Lock
	lockETag string
	// at is the state that is there, under stateETag; segmented are the segments
	// of its journal and of those before.
	at        begin
	stateETag string
	segmented []string
}

// settle is what comes before the first write: the proof that the service keeps
// conditions, and, where a former holder may not be through, a state that their
// late save does not fit.
func (c *s3Claim) settle(ctx context.Context) error {
	if err := c.probe(ctx); err != nil {
		return err
	}
	if !c.lock.Unclear {
		return nil
	}
	for {
		e, state, etag, err := c.object(ctx)
		if err != nil {
			return err
		}
		body, err := wrap(c.generation, state, e.Empty)
		if err != nil {
			return err
		}
		if _, err = c.put(ctx, c.key, etag, body); !errors.Is(err, errCondition) {
			return err
		}
	}
}

// probe makes two writes that must be refused, and would change nothing. A
// service that carries them out would let two writers have the lock.
func (c *s3Claim) probe(ctx context.Context) error {
	for condition, etag := range map[string]string{"If-None-Match": "", "If-Match": `"00000000000000000000000000000000"`} {
		now, err := c.putLock(ctx, etag, &c.lock)
		if errors.Is(err, errCondition) {
			continue
		}
		if err != nil {
			return err
		}
		c.lockETag = now
		return refuse("the service ignores the condition %s on writes, so that two runs could write at the same time; "+
			"use a service with conditional writes, such as Amazon S3, or another kind of state", condition)
	}
	return nil
}

// renew writes the lock again.
func (c *s3Claim) renew(ctx context.Context) error {
	next := c.lock
	next.Beat++
	etag, err := c.putLock(ctx, c.lockETag, &next)
	if errors.Is(err, errCondition) {
		// It may be the renewal before, whose answer was lost.
		l, o, lerr := c.look(ctx)
		if lerr != nil {
			return lerr
		}
		if !c.is(&l) {
			return errLost
		}
		next, etag, err = l, o.etag, nil
	}
	if err == nil {
		c.lock, c.lockETag = next, etag
	}
	return err
}

// is reports whether l is our lock.
func (c *s3Claim) is(l *s3Lock) bool {
	return l.Held && l.Generation == c.generation && l.Holder.ID == c.id
}

// stillOurs looks at the lock, whose lease may be over as long as nobody took it.
func (c *s3Claim) stillOurs(ctx context.Context) error {
	l, _, err := c.look(ctx)
	if err == nil && !c.is(&l) {
		return errLost
	}
	return err
}

func (c *s3Claim) load(ctx context.Context) (*contents, error) {
	e, state, etag, err := c.object(ctx)
	if err == nil {
		err = e.whole(state)
	}
	if err != nil {
		return nil, err
	}
	k := &contents{state: state}
	if c.at, err = k.head(); err != nil {
		return nil, &refusal{err}
	}
	c.stateETag = etag
	k.frames, c.segmented, err = c.segments(ctx, k)
	return k, err
}

// segmentKey names a part of the journal that continues the save called serial:
// parts sort by who wrote them, then in their order.
func (s *s3) segmentKey(serial, generation uint64, n int) string {
	return fmt.Sprintf("%s%020d/%012d/%08d", s.journalPrefix(), serial, generation, n)
}

func (s *s3) journalPrefix() string { return s.key + ".journal/" }

// serialOf reads which save a segment continues.
func (s *s3) serialOf(key string) (uint64, bool) {
	number, _, _ := strings.Cut(strings.TrimPrefix(key, s.journalPrefix()), "/")
	serial, err := strconv.ParseUint(number, 10, 64)
	return serial, err == nil
}

// segments reads the journal of the state k: the frames of the latest save that
// has any. It returns all segments that are there beside them. What a former
// holder wrote too late for anybody to read, behind a journal that was removed
// since, is no journal.
func (s *s3) segments(ctx context.Context, k *contents) (frames [][]byte, keys []string, err error) {
	head, err := k.head()
	if err != nil {
		return nil, nil, &refusal{err}
	}
	if keys, err = s.list(ctx, s.journalPrefix()); err != nil || len(keys) == 0 {
		return nil, keys, err
	}
	slices.Sort(keys)
	last, ok := s.serialOf(keys[len(keys)-1])
	if !ok {
		return nil, nil, refuse("%w (the object %s is no part of it)", ErrJournal, keys[len(keys)-1])
	}
	latest := slices.DeleteFunc(slices.Clone(keys), func(key string) bool {
		serial, ok := s.serialOf(key)
		return !ok || serial != last
	})
	if frames, err = s.fetch(ctx, latest); err != nil {
		return nil, nil, err
	}
	if last < head.Serial && !begins(frames[0]) {
		frames = nil
	}
	return frames, keys, nil
}

// atOnce is how many objects of a journal are read or removed at a time.
const atOnce = 8

// fetch reads objects.
func (s *s3) fetch(ctx context.Context, keys []string) ([][]byte, error) {
	frames := make([][]byte, len(keys))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, key := range keys {
		group.Go(func() error {
			o, err := s.get(ctx, key)
			if err == nil {
				frames[i] = o.body
			}
			return err
		})
	}
	return frames, group.Wait()
}

func (c *s3Claim) begin(ctx context.Context, frame []byte) error { return c.append(ctx, 1, frame) }

// append writes a segment, then looks at the lock: see [s3].
func (c *s3Claim) append(ctx context.Context, n int, frame []byte) error {
	key := c.segmentKey(c.at.Serial, c.generation, n)
	_, err := c.put(ctx, key, "", frame)
	if errors.Is(err, errCondition) {
		var have *s3Object
		if have, err = c.get(ctx, key); err == nil && !bytes.Equal(have.body, frame) {
			return errLost
		}
	}
	if err == nil {
		err = c.stillOurs(ctx)
	}
	if errors.Is(err, errLost) {
		// Nobody was promised what stands there, and nobody needs to look for it.
		c.removeAll(ctx, []string{key})
	}
	if err == nil && !slices.Contains(c.segmented, key) {
		c.segmented = append(c.segmented, key)
	}
	return err
}

func (c *s3Claim) save(ctx context.Context, next begin, body, frame []byte) error {
	body, err := wrap(c.generation, body, false)
	if err != nil {
		return err
	}
	etag, err := c.put(ctx, c.key, c.stateETag, body)
	if errors.Is(err, errCondition) {
		etag, err = c.saved(ctx, body)
	}
	if err != nil {
		return err
	}
	before := c.segmented
	c.at, c.stateETag, c.segmented = next, etag, nil
	if frame != nil {
		if err := c.append(ctx, 1, frame); err != nil {
			c.segmented = append(before, c.segmented...)
			return err
		}
	}
	c.segmented = append(c.segmented, c.removeAll(ctx, before)...)
	return nil
}

// saved returns the version of the state that is there, if it is the one that we
// wrote by a request whose answer was lost.
func (c *s3Claim) saved(ctx context.Context, body []byte) (string, error) {
	o, err := c.get(ctx, c.key)
	switch {
	case err == nil && bytes.Equal(o.body, body):
		return o.etag, nil
	case err != nil && !errors.Is(err, errAbsent):
		return "", err
	}
	if err := c.stillOurs(ctx); err != nil {
		return "", err
	}
	return "", ErrChanged
}

// removeAll removes segments that nobody needs any more, and returns those that
// it could not remove: the next save tries again.
func (c *s3Claim) removeAll(ctx context.Context, keys []string) (left []string) {
	failed := make([]bool, len(keys))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, key := range keys {
		group.Go(func() error {
			err := c.remove(ctx, key)
			failed[i] = err != nil && !errors.Is(err, errAbsent)
			return nil
		})
	}
	_ = group.Wait() // none of them returns an error
	for i, key := range keys {
		if failed[i] {
			left = append(left, key)
		}
	}
	return left
}

// release gives the lock back, and says whether a write of ours may still arrive.
func (c *s3Claim) release(ctx context.Context, clean bool) error {
	free := c.lock
	free.Held, free.Unclear = false, !clean
	_, err := c.putLock(ctx, c.lockETag, &free)
	if !errors.Is(err, errCondition) {
		return err
	}
	l, o, err := c.look(ctx)
	if err != nil || !c.is(&l) {
		return err
	}
	// A renewal whose answer was lost came in between.
	_, err = c.putLock(ctx, o.etag, &free)
	return err
}
