package sealed_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/planner/sealed"
)

// toy is a cipher that turns bits and adds a mark; it knows what it made.
type toy byte

func (c toy) Seals() bool { return true }

func (c toy) Seal(plain []byte) ([]byte, error) {
	out := []byte{byte(c)}
	for _, b := range plain {
		out = append(out, b^0x55)
	}
	return append(out, '!'), nil
}

func (c toy) Open(b []byte) ([]byte, error) {
	switch {
	case len(b) < 2 || b[len(b)-1] != '!':
		return nil, sealed.ErrAltered
	case b[0] != byte(c):
		return nil, sealed.ErrKey
	}
	var out []byte
	for _, x := range b[1 : len(b)-1] {
		out = append(out, x^0x55)
	}
	return out, nil
}

func document(t *testing.T, plain string) string {
	t.Helper()
	var b strings.Builder
	if err := sealed.Write(&b, sealed.Header{Holds: "state", Lineage: "l", Serial: 7}, []byte(plain), toy(1)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestDocumentIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	plain := strings.Repeat("user.ann\n", 100)
	text := document(t, plain)
	if strings.Contains(text, "user.ann") {
		t.Fatalf("it stands in the open:\n%s", text)
	}
	in := bufio.NewReader(strings.NewReader(text))
	if !sealed.Is(in) || sealed.Is(bufio.NewReader(strings.NewReader(plain))) {
		t.Fatal("it is not told from what is in the open")
	}
	h, got, err := sealed.Read(in, toy(1))
	if err != nil || string(got) != plain || h != (sealed.Header{Holds: "state", Lineage: "l", Serial: 7}) {
		t.Errorf("read %+v, %q, %v", h, got, err)
	}
}

func TestDocumentThatIsNotWholeIsRefused(t *testing.T) {
	t.Parallel()
	text := document(t, "user.ann")
	head, body, _ := strings.Cut(text, "\n")
	for name, tt := range map[string]struct {
		text string
		with sealed.Cipher
		want error
	}{
		"no cipher":              {text, nil, sealed.ErrKey},
		"another key":            {text, toy(2), sealed.ErrKey},
		"cut":                    {text[:len(text)-3], toy(1), sealed.ErrAltered},
		"no body":                {head + "\n", toy(1), sealed.ErrAltered},
		"more behind it":         {text + "more", toy(1), sealed.ErrAltered},
		"altered, and no key":    {strings.Replace(text, "-----\nA", "-----\nB", 1), nil, sealed.ErrAltered},
		"another serial, no key": {strings.Replace(text, `"serial":7`, `"serial":8`, 1), nil, sealed.ErrAltered},
		"another armor":          {head + "\n" + strings.ReplaceAll(body, "AGE", "PGP"), toy(1), sealed.ErrAltered},
		"a broken header":        {strings.Replace(text, `"version"`, `version`, 1), toy(1), sealed.ErrAltered},
		"a newer version":        {strings.Replace(text, `"version":1`, `"version":2`, 1), toy(1), sealed.ErrVersion},
	} {
		if _, got, err := sealed.Read(bufio.NewReader(strings.NewReader(tt.text)), tt.with); got != nil || !errors.Is(err, tt.want) {
			t.Errorf("%s: read %q, %v, want %v", name, got, err, tt.want)
		}
	}
}

func lines(t *testing.T, text string, c sealed.Cipher) (string, error) {
	t.Helper()
	r := sealed.NewLineReader(io.NopCloser(strings.NewReader(text)), c)
	b, err := io.ReadAll(r)
	return string(b), err
}

func TestLinesAreReadWhetherEncryptedOrNot(t *testing.T) {
	t.Parallel()
	b, err := sealed.AppendLine([]byte("open\n"), []byte("one\ntwo\n"), toy(1))
	if err != nil {
		t.Fatal(err)
	}
	if b, err = sealed.AppendLine(b, []byte("three\n"), toy(1)); err != nil {
		t.Fatal(err)
	}
	text := string(b) + "half a li"
	if got, err := lines(t, text, toy(1)); err != nil || got != "open\none\ntwo\nthree\nhalf a li" {
		t.Errorf("read %q, %v", got, err)
	}
	for _, c := range []sealed.Cipher{nil, toy(2)} {
		if got, err := lines(t, text, c); got != "open\n" || !errors.Is(err, sealed.ErrKey) || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("without the key: read %q, %v", got, err)
		}
	}
	last, err := sealed.LastLine(b, toy(1))
	if err != nil || string(last) != "three\n" {
		t.Errorf("the last line holds %q, %v", last, err)
	}
}

func TestLineThatWasAlteredIsReadAsItStands(t *testing.T) {
	t.Parallel()
	b, err := sealed.AppendLine(nil, []byte("one\n"), toy(1))
	if err != nil {
		t.Fatal(err)
	}
	altered := strings.Replace(string(b), `IT0`, `AAA`, 1)
	altered = strings.Replace(altered, `"}`, `A"}`, 1)
	if got, err := lines(t, altered, toy(1)); err != nil || got != altered {
		t.Errorf("read %q, %v, want it as it is: %q", got, err, altered)
	}
}

func TestLineThatWasAlteredIsNoLineForAnotherKey(t *testing.T) {
	t.Parallel()
	b, err := sealed.AppendLine(nil, []byte("one\n"), toy(1))
	if err != nil {
		t.Fatal(err)
	}
	altered := strings.Replace(string(b), `"encrypted":"A`, `"encrypted":"B`, 1)
	if got, err := lines(t, altered, toy(1)); err != nil || got != altered || altered == string(b) {
		t.Errorf("read %q, %v, want it as it is: %q", got, err, altered)
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := sealed.Write(&b, sealed.Header{Holds: "plan"}, []byte("plain"), toy(1)); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"encrypted":"AAAA"}` + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		in := bufio.NewReader(bytes.NewReader(b))
		if sealed.Is(in) {
			if _, got, err := sealed.Read(in, toy(1)); err != nil && got != nil {
				t.Errorf("read %q beside the error %v", got, err)
			}
		}
		_, _ = io.ReadAll(sealed.NewLineReader(io.NopCloser(bytes.NewReader(b)), toy(1)))
	})
}
