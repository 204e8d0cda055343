package file

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestTextIsTheSameHoweverItIsCut(t *testing.T) {
	t.Parallel()
	const content = "Änn, 安, 🙂\nb\n"
	readers := map[string]io.Reader{
		"at once":      strings.NewReader(content),
		"byte by byte": iotest.OneByteReader(strings.NewReader(content)),
		"in halves":    iotest.HalfReader(strings.NewReader(content)),
		"with its end": iotest.DataErrReader(strings.NewReader(content)),
	}
	for name, r := range readers {
		in := newText(r, 1000)
		got, err := io.ReadAll(in)
		if err != nil || string(got) != content {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
		if at := in.position(int64(strings.Index(content, "🙂"))); at != (position{1, 9}) {
			t.Errorf("%s: the ninth character is at %v", name, at)
		}
		if at := in.position(int64(strings.Index(content, "b"))); at != (position{2, 1}) {
			t.Errorf("%s: the second line is at %v", name, at)
		}
	}
}

func TestTextThatIsNotUTF8IsFoundWhereverItIsCut(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"a\nÄ\xc3", "a\nÄ\xc3b", "a\nÄ\xff", "a\nÄ\xf0\x9f\x99"} {
		_, err := io.ReadAll(newText(iotest.OneByteReader(strings.NewReader(content)), 1000))
		bad, ok := err.(*malformed)
		if !ok || bad.at != (position{2, 2}) {
			t.Errorf("%q: got %v, want a finding at 2:2", content, err)
		}
	}
}
