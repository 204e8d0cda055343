package planfile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/internal/wire"
	"github.com/rollcall-dev/rollcall/planner/sealed"
	"github.com/rollcall-dev/rollcall/schema"
)

// ErrAltered says that a file is not as it was written. Its finding code is stale-plan.
var ErrAltered = errors.New("the plan file was altered or is truncated; make a new plan")

// ErrVersion says that a file is of a version that this program does not read.
var ErrVersion = errors.New("the plan file was written by a newer rollcall; upgrade rollcall, or make a new plan")

// ErrFormat says that a file is no plan file at all.
var ErrFormat = errors.New("this is not a plan file: it must begin with format_version; make one with `rollcall plan -out=FILE`")

// Open reads what [Seal] or [Encode] wrote. What is encrypted is read with c; with
// no cipher, which is nil, the error is [sealed.ErrKey].
func Open(r io.Reader, c sealed.Cipher) (*planner.Plan, Meta, error) {
	in := bufio.NewReader(r)
	if !sealed.Is(in) {
		return Decode(in)
	}
	h, plain, err := sealed.Read(in, c)
	switch {
	case errors.Is(err, sealed.ErrAltered):
		return nil, Meta{}, fmt.Errorf("%w (%w)", ErrAltered, err)
	case err != nil:
		return nil, Meta{}, err
	case h != holdsPlan:
		return nil, Meta{}, ErrFormat
	}
	return Decode(bytes.NewReader(plain))
}

// holdsPlan is what stands in the open of a plan that is encrypted.
var holdsPlan = sealed.Header{Holds: "plan"}

// Decode reads what [Encode] wrote. A newer minor version is read, with the
// fields that are new in it left out; a newer major one is [ErrVersion]. A file
// that is not as it was written is [ErrAltered], and nothing of it is returned.
func Decode(r io.Reader) (*planner.Plan, Meta, error) {
	digest := wire.NewDigest()
	source := io.TeeReader(r, digest)
	d := &decoder{json: json.NewDecoder(source)}
	if err := d.version(); err != nil {
		return nil, Meta{}, err
	}
	if err := d.members(); err != nil {
		return nil, Meta{}, fmt.Errorf("%w (%w)", ErrAltered, err)
	}
	if _, err := d.json.Token(); err != io.EOF || !digest.Sealed() {
		return nil, Meta{}, ErrAltered
	}
	return &d.plan, d.meta, nil
}

type decoder struct {
	json *json.Decoder
	plan planner.Plan
	meta Meta
}

// version reads the beginning of the document and judges its version before
// anything else is believed.
func (d *decoder) version() error {
	for _, want := range []json.Token{json.Delim('{'), "format_version"} {
		if got, err := d.json.Token(); err == io.EOF || err == io.ErrUnexpectedEOF {
			return ErrAltered
		} else if err != nil || got != want {
			return ErrFormat
		}
	}
	var v string
	if err := d.json.Decode(&v); err != nil {
		return ErrAltered
	}
	return supported(v)
}

func supported(version string) error {
	major, _, _ := strings.Cut(version, ".")
	ours, _, _ := strings.Cut(FormatVersion, ".")
	n, err := strconv.ParseUint(major, 10, 32)
	switch {
	case err != nil:
		return ErrAltered
	case strconv.FormatUint(n, 10) != ours:
		return fmt.Errorf("format_version %q: %w", version, ErrVersion)
	}
	return nil
}

// members reads the rest of the object.
func (d *decoder) members() error {
	for d.json.More() {
		key, err := d.json.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		if err := d.member(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	_, err := d.json.Token()
	return err
}

func (d *decoder) member(name string) error {
	switch p := &d.plan; name {
	case "rollcall_version":
		return d.json.Decode(&d.meta.RollcallVersion)
	case "as_of":
		return convert(d, &p.AsOf, time.Time.UTC)
	case "complete":
		return d.json.Decode(&p.Complete)
	case "applyable":
		return d.json.Decode(&p.Applyable)
	case "fingerprint":
		return d.json.Decode(&p.Fingerprint)
	case "inputs":
		return convert(d, &p.Inputs, fromInputs)
	case "changes":
		return elements(d, &p.Changes, fromChange)
	case "drift":
		return elements(d, &p.Drift, fromDrift)
	case "withheld":
		return elements(d, &p.Withheld, fromWithheld)
	case "findings":
		return elements(d, (*[]schema.Diagnostic)(&p.Findings), fromFinding)
	case "summary":
		return convert(d, &p.Summary, fromSummary)
	case "held":
		return elements(d, &p.Held, fromHeld)
	case "guards":
		return elements(d, &p.Guards, fromGuard)
	case "policies":
		return elements(d, &p.Policies, fromPolicy)
	}
	var unknown json.RawMessage
	return d.json.Decode(&unknown)
}

// convert reads one value in the document's form.
func convert[F, T any](d *decoder, into *T, from func(F) T) error {
	var f F
	err := d.json.Decode(&f)
	*into = from(f)
	return err
}

// elements reads a list, one element at a time.
func elements[F, T any](d *decoder, into *[]T, from func(*F) (T, error)) error {
	if open, err := d.json.Token(); err != nil || open != json.Delim('[') {
		return errors.Join(errors.New("not a list"), err)
	}
	for d.json.More() {
		var f F
		if err := d.json.Decode(&f); err != nil {
			return err
		}
		t, err := from(&f)
		if err != nil {
			return err
		}
		*into = append(*into, t)
	}
	_, err := d.json.Token()
	return err
}
