package planfile

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/internal/wire"
	"github.com/rollcall-dev/rollcall/planner/sealed"
)

// FormatVersion is the version of the format that [Encode] writes.
const FormatVersion = "1.0"

// Meta says who wrote a plan file.
type Meta struct{ RollcallVersion string }

// Seal writes p, encrypted where c says so; nil is no cipher.
func Seal(w io.Writer, p *planner.Plan, meta Meta, c sealed.Cipher) error {
	if !sealed.Writes(c) {
		return Encode(w, p, meta)
	}
	var plain bytes.Buffer
	if err := Encode(&plain, p, meta); err != nil {
		return err
	}
	return sealed.Write(w, holdsPlan, plain.Bytes(), c)
}

// Encode writes p as one JSON object: every key in its fixed place, each
// change on a line of its own, the checksum last. The same plan gives the same
// bytes. It holds one change at a time in memory.
func Encode(w io.Writer, p *planner.Plan, m Meta) error {
	out := &writer{to: bufio.NewWriterSize(w, 1<<16), digest: wire.NewDigest()}
	out.field("format_version", FormatVersion)
	out.field("rollcall_version", m.RollcallVersion)
	out.field("as_of", p.AsOf.UTC())
	out.field("complete", p.Complete)
	out.field("applyable", p.Applyable)
	out.field("fingerprint", p.Fingerprint)
	out.field("inputs", toInputs(p.Inputs))
	list(out, "changes", p.Changes, inForm(toChange))
	list(out, "drift", p.Drift, inForm(toDrift))
	list(out, "withheld", p.Withheld, appendWithheld)
	list(out, "findings", p.Findings, inForm(toFinding))
	out.field("summary", toSummary(p.Summary))
	list(out, "held", p.Held, inForm(toHeld))
	list(out, "guards", p.Guards, inForm(toGuard))
	list(out, "policies", p.Policies, inForm(toPolicy))
	return out.close()
}

// writer writes an object member by member and keeps the first error.
type writer struct {
	to     *bufio.Writer
	digest *wire.Digest
	buf    []byte
	begun  bool
	err    error
}

// flush sends the buffer on, to the file and to the checksum.
func (w *writer) flush() {
	if w.err == nil {
		_, w.err = w.to.Write(w.buf)
		_, _ = w.digest.Write(w.buf)
	}
	w.buf = w.buf[:0]
}

// key begins a member.
func (w *writer) key(name string) {
	before := "{\n"
	if w.begun {
		before = ",\n"
	}
	w.begun = true
	w.buf = append(w.buf, before+`"`+name+`": `...)
}

// keep takes what was appended to the buffer; what names it in an error.
func (w *writer) keep(what string, b []byte, err error) {
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("write %s of the plan: %w", what, err)
	}
	w.buf = b
}

func (w *writer) field(name string, v any) {
	w.key(name)
	b, err := wire.Append(w.buf, v)
	w.keep(name, b, err)
	w.flush()
}

// list writes items, one a line, as add appends them.
func list[T any](w *writer, name string, items []T, add func([]byte, *T) ([]byte, error)) {
	w.key(name)
	w.buf = append(w.buf, '[')
	for i := range items {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.buf = append(w.buf, '\n')
		b, err := add(w.buf, &items[i])
		w.keep(name, b, err)
		w.flush()
	}
	w.buf = append(w.buf, ']')
	w.flush()
}

// inForm appends items in the document's form, which to gives them.
func inForm[T, F any](to func(*T) F) func([]byte, *T) ([]byte, error) {
	return func(b []byte, item *T) ([]byte, error) { return wire.Append(b, to(item)) }
}

// close ends the object with its checksum.
func (w *writer) close() error {
	seal := w.digest.Seal()
	w.buf = append(w.buf, ",\n"...)
	w.buf = append(append(w.buf, seal[1:]...), '\n')
	w.flush()
	if w.err != nil {
		return w.err
	}
	return w.to.Flush()
}
