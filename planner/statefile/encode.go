package statefile

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/internal/wire"
	"github.com/rollcall-dev/rollcall/planner/sealed"
)

// Encode writes s. The same state gives the same bytes, in whatever order its
// links stand. Intents are not written: they live in the journal.
func Encode(w io.Writer, s *planner.State) error {
	out := &writer{to: bufio.NewWriterSize(w, 1<<16), sum: sha256.New()}
	h := head(s)
	out.line("{", header{
		Format: format, Version: Version, Lineage: h.Lineage, Serial: h.Serial,
		Apps: h.Apps, Users: h.Users, Groups: h.Groups, Removals: h.Removals, Directories: h.Directories, Unsettled: h.Unsettled,
		Logged: logEnd(h.Logged),
	})
	directories := sorted(s.Directories, func(d *planner.DirectoryState) string { return d.Address })
	for i := range directories {
		out.line(typeDirectory, toDirectory(&directories[i]))
	}
	apps := sorted(s.Apps, func(a *planner.AppState) string { return a.App })
	for i := range apps {
		out.app(&apps[i])
	}
	return out.close()
}

// Seal writes s, encrypted where c says so; nil is no cipher.
func Seal(w io.Writer, s *planner.State, c sealed.Cipher) error {
	if !sealed.Writes(c) {
		return Encode(w, s)
	}
	var plain bytes.Buffer
	if err := Encode(&plain, s); err != nil {
		return err
	}
	return sealed.Write(w, headerOf(s), plain.Bytes(), c)
}

// headerOf is what stands in the open of a state that is encrypted.
func headerOf(s *planner.State) sealed.Header {
	return sealed.Header{Holds: "state", Lineage: s.Lineage, Serial: s.Serial}
}

// head counts what s holds.
func head(s *planner.State) Header {
	h := Header{Lineage: s.Lineage, Serial: s.Serial, Apps: len(s.Apps), Directories: len(s.Directories), Unsettled: s.Unsettled.UTC(), Logged: s.Logged}
	for i := range s.Apps {
		h.Users += len(s.Apps[i].Users)
		h.Groups += len(s.Apps[i].Groups)
		h.Removals += len(s.Apps[i].History)
	}
	return h
}

// sorted returns items in the order of their keys; the same slice where that
// is the order already.
func sorted[T any](items []T, key func(*T) string) []T {
	inOrder := true
	for i := 1; i < len(items) && inOrder; i++ {
		inOrder = key(&items[i-1]) <= key(&items[i])
	}
	if inOrder {
		return items
	}
	items = slices.Clone(items)
	slices.SortStableFunc(items, func(a, b T) int { return strings.Compare(key(&a), key(&b)) })
	return items
}

// writer writes line by line and keeps the first error.
type writer struct {
	to  *bufio.Writer
	sum hash.Hash
	buf []byte
	err error
}

func (w *writer) app(a *planner.AppState) {
	w.line(typeApp, appLine{App: a.App, Identity: a.Identity, Guard: wire.Terms(a.Terms), Rebuilt: a.Rebuilt.UTC()})
	users := sorted(a.Users, func(u *planner.UserLink) string { return u.Key })
	for i := range users {
		w.user(&users[i])
	}
	groups := sorted(a.Groups, func(g *planner.GroupLink) string { return g.Key })
	for i := range groups {
		w.line(typeGroup, toGroup(&groups[i]))
	}
	for _, r := range a.History {
		r.At = r.At.UTC()
		w.line(typeRemoval, removalLine(r))
	}
}

func (w *writer) user(u *planner.UserLink) {
	b, err := appendUser(w.buf[:0], u)
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("write the state of %q: %w", u.Key, err)
	}
	w.buf = b
	w.write(b)
}

// line writes v, an object, with start in place of its brace.
func (w *writer) line(start string, v any) {
	if w.err != nil {
		return
	}
	b, err := wire.Append(w.buf[:0], v)
	if err != nil {
		w.err = fmt.Errorf("write the state: %w", err)
		return
	}
	w.buf = append(b, '\n')
	w.write([]byte(start))
	w.write(w.buf[1:])
}

func (w *writer) write(b []byte) {
	w.sum.Write(b)
	if w.err == nil {
		_, w.err = w.to.Write(b)
	}
}

// close writes the seal.
func (w *writer) close() error {
	w.line(typeEnd, endLine{Checksum: checksum(w.sum)})
	if w.err != nil {
		return w.err
	}
	return w.to.Flush()
}

func checksum(sum hash.Hash) string { return "sha256:" + hex.EncodeToString(sum.Sum(nil)) }
