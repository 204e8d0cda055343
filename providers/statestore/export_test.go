package statestore

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rollcall-dev/rollcall/providers"
)

// Spoiling makes others of the stored bytes of a state and the frames of its journal.
type Spoiling = func(state []byte, frames [][]byte) ([]byte, [][]byte)

// A spoiler reaches what a store keeps behind the store's back.
type spoiler interface {
	// spoil replaces the bytes of the state and the frames of the journal.
	spoil(ctx context.Context, with Spoiling) error
	// kept returns all that stands there: what is used, and what was displaced.
	kept(ctx context.Context) (used, displaced []byte, err error)
}

func spoilerOf(s providers.Store) spoiler {
	if f, ok := s.(*File); ok {
		return spoiltFile{f}
	}
	switch s := s.(*Remote).service.(type) {
	case *s3:
		return spoiltS3{s}
	case *postgres:
		return spoiltPostgres{s}
	default:
		return spoiltHTTP{s.(*httpState)}
	}
}

// Spoil replaces what a store keeps of a state and its journal.
func Spoil(ctx context.Context, s providers.Store, with Spoiling) error {
	return spoilerOf(s).spoil(ctx, with)
}

// Kept returns what a store keeps of a state and its journal, and what it keeps
// of those that were displaced.
func Kept(ctx context.Context, s providers.Store) (used, displaced []byte, err error) {
	return spoilerOf(s).kept(ctx)
}

type spoiltFile struct{ *File }

func (f spoiltFile) spoil(_ context.Context, with Spoiling) error {
	state, err := os.ReadFile(f.path)
	if err != nil {
		return err
	}
	journal, err := readAll(f.disk, f.journalPath())
	if err != nil {
		return err
	}
	state, frames := with(state, slices.Collect(bytes.Lines(journal)))
	if err := os.WriteFile(f.path, state, 0o600); err != nil || frames == nil {
		return err
	}
	return os.WriteFile(f.journalPath(), bytes.Join(frames, nil), 0o600)
}

func (f spoiltFile) kept(context.Context) (used, displaced []byte, err error) {
	names, err := filepath.Glob(f.path + "*")
	for _, name := range names {
		content, rerr := os.ReadFile(name)
		switch {
		case rerr != nil:
			return nil, nil, rerr
		case strings.Contains(name, ".damaged-"):
			displaced = append(displaced, content...)
		case name == f.path || name == f.journalPath():
			used = append(used, content...)
		}
	}
	return used, displaced, err
}

type spoiltS3 struct{ *s3 }

func (s spoiltS3) spoil(ctx context.Context, with Spoiling) error {
	o, err := s.get(ctx, s.key)
	if err != nil {
		return err
	}
	keys, err := s.list(ctx, s.journalPrefix())
	if err != nil {
		return err
	}
	slices.Sort(keys)
	frames, err := s.fetch(ctx, keys)
	if err != nil {
		return err
	}
	state, frames := with(o.body, frames)
	if _, err := s.put(ctx, s.key, o.etag, state); err != nil {
		return err
	}
	for i, key := range keys {
		if err := s.remove(ctx, key); err != nil {
			return err
		}
		if i < len(frames) {
			if _, err := s.put(ctx, key, "", frames[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s spoiltS3) kept(ctx context.Context) (used, displaced []byte, err error) {
	keys, err := s.list(ctx, s.key)
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(keys)
	for _, key := range keys {
		o, err := s.get(ctx, key)
		switch {
		case err != nil:
			return nil, nil, err
		case strings.HasPrefix(key, s.key+".damaged-"):
			displaced = append(displaced, o.body...)
		case key == s.key || strings.HasPrefix(key, s.journalPrefix()):
			used = append(used, o.body...)
		}
	}
	return used, displaced, nil
}

type spoiltPostgres struct{ *postgres }

func (p spoiltPostgres) spoil(ctx context.Context, with Spoiling) error {
	return p.use(ctx, func(conn *pgx.Conn) error {
		c, err := p.contents(ctx, conn)
		if err != nil {
			return err
		}
		state, frames := with(c.state, c.frames)
		if _, err := conn.Exec(ctx, `UPDATE rollcall_states SET body = $2 WHERE name = $1`, p.name, append([]byte{}, state...)); err != nil {
			return err
		}
		if _, err := conn.Exec(ctx, `DELETE FROM rollcall_journal WHERE name = $1`, p.name); err != nil {
			return err
		}
		for i, frame := range frames {
			if _, err := conn.Exec(ctx, `INSERT INTO rollcall_journal (name, n, frame) VALUES ($1, $2, $3)`, p.name, i+1, frame); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p spoiltPostgres) kept(ctx context.Context) (used, displaced []byte, err error) {
	err = p.use(ctx, func(conn *pgx.Conn) error {
		const all = `SELECT coalesce((SELECT string_agg(body, ''::bytea ORDER BY name) FROM rollcall_states WHERE name LIKE $1), ''::bytea)
			|| coalesce((SELECT string_agg(frame, ''::bytea ORDER BY name, n) FROM rollcall_journal WHERE name LIKE $1), ''::bytea)`
		if err := conn.QueryRow(ctx, all, p.name).Scan(&used); err != nil {
			return err
		}
		return conn.QueryRow(ctx, all, p.name+".damaged-%").Scan(&displaced)
	})
	return used, displaced, err
}

type spoiltHTTP struct{ *httpState }

func (h spoiltHTTP) spoil(ctx context.Context, with Spoiling) error {
	d, _, err := h.get(ctx)
	if err != nil {
		return err
	}
	k := d.contents()
	state, frames := with(k.state, k.frames)
	d.State, d.Journal, d.Serial = string(state), nil, d.Serial+1
	for _, frame := range frames {
		d.Journal = append(d.Journal, string(frame))
	}
	body, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return h.upload(ctx, body)
}

// upload writes whatever it is, as somebody does by hand.
func (h spoiltHTTP) upload(ctx context.Context, body []byte) error {
	r, err := h.send(ctx, endpoint{h.update, h.address}, "", body)
	if err == nil && !r.ok() {
		err = r.failure("upload")
	}
	return err
}

func (h spoiltHTTP) kept(ctx context.Context) (used, displaced []byte, err error) {
	r, err := h.send(ctx, endpoint{"GET", h.address}, "", nil)
	if err != nil {
		return nil, nil, err
	}
	names, err := filepath.Glob(filepath.Join(filepath.Dir(h.logged.path), "state.json.damaged-*"))
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, nil, err
		}
		displaced = append(displaced, content...)
	}
	return r.body, displaced, err
}

// Upload puts body in the place of the document of an http store.
func Upload(ctx context.Context, s providers.Store, body []byte) error {
	return spoiltHTTP{s.(*Remote).service.(*httpState)}.upload(ctx, body)
}
