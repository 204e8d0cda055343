package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/term"

	"github.com/rollcall-dev/rollcall/schema/load"
)

// newTestConsole is a console over a small configuration.
func newTestConsole(t testing.TB) (c *console, stdout, stderr *bytes.Buffer) {
	t.Helper()
	source := "locals {\n  big = range(1000)\n}\nuser \"a\" { login = \"a@x.com\" }\n"
	r := load.Read(fstest.MapFS{"a.hcl": {Data: []byte(source)}}, load.Options{Limits: load.Limits{Operations: 20_000}})
	if r.Findings.HasErrors() {
		t.Fatal(r.Findings)
	}
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	a := &app{process: process{stdout: stdout, stderr: stderr, now: time.Now, lookup: func(string) (string, bool) { return "", false }}, sources: load.Sources{}}
	return &console{a: a, expressions: r}, stdout, stderr
}

func TestConsoleDropsAnExpressionThatNeverEnds(t *testing.T) {
	t.Parallel()
	for name, endless := range map[string]string{
		"of many lines": "[\n" + strings.Repeat("1,\n", maxExpressionLines) + "7\n",
		"of long lines": "[\n" + strings.Repeat("\""+strings.Repeat("x", 1000)+"\",\n", maxExpressionBytes/1000+1) + "7\n",
	} {
		c, stdout, stderr := newTestConsole(t)
		if err := c.loop(context.Background(), newPiped(strings.NewReader(endless), io.Discard)); err != nil {
			t.Fatal(err)
		}
		if !c.failed || !strings.Contains(stderr.String(), "it was dropped") || !strings.HasSuffix(stdout.String(), "7\n") {
			t.Errorf("%s: printed %q and said %q", name, stdout, stderr)
		}
	}
}

func TestConsoleRefusesALineThatNeverEnds(t *testing.T) {
	t.Parallel()
	c, _, _ := newTestConsole(t)
	err := c.loop(context.Background(), newPiped(strings.NewReader(strings.Repeat("x", maxExpressionBytes+1)), io.Discard))
	if err == nil || !strings.Contains(err.Error(), "a line has more than 65536 bytes") {
		t.Errorf("got %v", err)
	}
}

func TestConsoleEndsWhenItIsInterrupted(t *testing.T) {
	t.Parallel()
	c, _, _ := newTestConsole(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r, w := io.Pipe()
	defer w.Close()
	if err := c.loop(ctx, newPiped(r, io.Discard)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func FuzzConsoleHasAnAnswerToEveryInput(f *testing.F) {
	for _, input := range []string{
		"1\n", "[\n1,\n", "user.a\nuser\n", "\"${\n", "<<E\n", "help\nexit\n", "}\n{", "\x00\xff\n\x1b[2J",
		"[for a in local.big : [for b in local.big : a]]", "%{ if", "\"%{ for a in local.big }", strings.Repeat("(", 70), "env(\"HOME\")", "-" + strings.Repeat("!", 90),
		"1e999999999", "\"v${1e10000000}\"", "file(\"../x\")", "user.a...", "user[*].login", "try(user.b, 1)",
	} {
		f.Add(input)
	}
	f.Fuzz(func(t *testing.T, input string) {
		c, stdout, stderr := newTestConsole(t)
		if err := c.loop(context.Background(), newPiped(strings.NewReader(input), io.Discard)); err != nil && len(input) <= maxExpressionBytes {
			t.Fatal(err)
		}
		for _, r := range stdout.String() + stderr.String() {
			if r < ' ' && r != '\n' || r == 0x7f {
				t.Fatalf("the answer holds the control character %U:\n%q\n%q", r, stdout, stderr)
			}
		}
		if c.failed && stderr.Len() == 0 {
			t.Error("an expression has no value, and nothing says why")
		}
	})
}

func TestCompleterCompletesTheWordBeforeTheCursor(t *testing.T) {
	t.Parallel()
	names := []string{"user.alice", "user.alvin", "user.zoë", "local.x", "user.\x1b[2J"}
	var out bytes.Buffer
	c := completer{out: &out, names: func(word string) []string {
		var found []string
		for _, name := range names {
			if strings.HasPrefix(name, word) {
				found = append(found, name)
			}
		}
		return found
	}}
	for _, tt := range []struct{ line, want, shown string }{
		{"lo|", "local.x|", ""},
		{"[lo|]", "[local.x|]", ""},
		{"1 + user.al|", "1 + user.al|", "user.alice  user.alvin\n"},
		{"user.ali|", "user.alice|", ""},
		{"user.z|", "user.zoë|", ""},
		{"ö(user.z|é", "ö(user.zoë|é", ""},
		{"nothing|", "nothing|", ""},
		{"|", "|", "user.alice  user.alvin  user.zoë  local.x\n"},
	} {
		out.Reset()
		before, after, _ := strings.Cut(tt.line, "|")
		line, pos, ok := c.key(before+after, len(before), '\t')
		if got := line[:pos] + "|" + line[pos:]; got != tt.want || out.String() != tt.shown || !ok {
			t.Errorf("%s becomes %s and shows %q, want %s and %q", tt.line, got, out.String(), tt.want, tt.shown)
		}
	}
	if _, _, ok := c.key("lo", 2, 'x'); ok {
		t.Error("a letter is taken for the tabulator")
	}
}

func TestCompleterCountsTheNamesThatItDoesNotShow(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := completer{out: &out, names: func(string) []string {
		var names []string
		for i := range maxShown + 5 {
			names = append(names, fmt.Sprintf("n%03d", i+100))
		}
		return names
	}}
	c.key("n1", 2, '\t')
	if !strings.HasSuffix(out.String(), "n159\n(and 5 more)\n") {
		t.Errorf("shows %q", out.String())
	}
}

// typed gives each of its parts to one read.
type typed struct{ parts []string }

// Read gives what it can of the next part.
func (r *typed) Read(p []byte) (int, error) {
	if len(r.parts) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.parts[0])
	if r.parts[0] = r.parts[0][n:]; r.parts[0] == "" {
		r.parts = r.parts[1:]
	}
	return n, nil
}

func TestKeyboardMakesAnEmptyLineOfCtrlC(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ parts, want []string }{
		{[]string{"ab\r"}, []string{"ab\r"}},
		{[]string{"ab\x03cd\r"}, []string{"ab", "!" + clearLine, "cd\r"}},
		{[]string{"\x03\x03"}, []string{"!" + clearLine, "!" + clearLine}},
		{[]string{"0123456789"}, []string{"01234567", "89"}},
	} {
		k := &keyboard{from: &typed{tt.parts}}
		var got []string
		p := make([]byte, 8)
		for {
			n, err := k.Read(p)
			if err != nil {
				break
			}
			text := string(p[:n])
			if k.abandoned {
				text, k.abandoned = "!"+text, false
			}
			got = append(got, text)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.parts, diff)
		}
	}
}

func TestEditorGivesUpOnAnEscapeSequenceThatNeverEnds(t *testing.T) {
	t.Parallel()
	terminal := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{&keyboard{from: strings.NewReader("\x1b[" + strings.Repeat("0;", 1000))}, io.Discard}, "> ")
	if _, err := terminal.ReadLine(); !errors.Is(err, errNoKey) {
		t.Errorf("got %v", err)
	}
}

func TestHistoryIsBoundedAndHoldsTextAlone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "console_history")
	h := openHistory(file)
	for i := range maxEntries + 10 {
		h.Add(fmt.Sprint(i))
	}
	for _, dropped := range []string{"", "  ", "\x1b[2J", "a\u202eb", "bad\xff", strings.Repeat("x", maxEntryBytes+1), fmt.Sprint(maxEntries + 9)} {
		h.Add(dropped)
	}
	if h.Len() != maxEntries || h.At(0) != fmt.Sprint(maxEntries+9) || h.At(maxEntries-1) != "10" {
		t.Errorf("%d entries from %s to %s", h.Len(), h.At(h.Len()-1), h.At(0))
	}
	if err := h.save(); err != nil {
		t.Fatal(err)
	}
	if again := openHistory(file); again.Len() != maxEntries || again.At(0) != h.At(0) {
		t.Errorf("%d entries come back", again.Len())
	}
}

func TestHistoryIsNotWrittenWhenNothingWasTyped(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "console_history")
	if err := openHistory(file).save(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("there is a history of nothing: %v", err)
	}
}
