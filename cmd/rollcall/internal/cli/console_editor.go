package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
)

// editor gives the lines that somebody types on a terminal.
type editor struct {
	file     *os.File
	out      io.Writer
	terminal *term.Terminal
	keys     *keyboard
	history  *history
}

func newEditor(a *app, in *os.File, p *run.Project) *editor {
	e := &editor{file: in, out: a.stdout, keys: &keyboard{from: in}, history: openHistory(p.HistoryFile())}
	e.terminal = term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{e.keys, a.stdout}, "")
	e.terminal.History = e.history
	complete := completer{names: p.Expressions.Complete, out: e.terminal}
	e.terminal.AutoCompleteCallback = complete.key
	return e
}

// next reads one line. The terminal is only raw for as long as that takes, so
// that whatever else happens finds it as it was.
func (e *editor) next(ctx context.Context, continued bool) (string, error) {
	before, err := term.MakeRaw(int(e.file.Fd()))
	if err != nil {
		return "", err
	}
	defer term.Restore(int(e.file.Fd()), before) //nolint:errcheck // there is no other way to say it
	if columns, rows, err := term.GetSize(int(e.file.Fd())); err == nil && columns > 0 {
		_ = e.terminal.SetSize(columns, rows)
	}
	e.terminal.SetPrompt(promptOf(continued))
	line, err := wait(ctx, e.terminal.ReadLine)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if e.keys.abandoned {
		e.keys.abandoned = false
		return "", errAbandoned
	}
	if err != nil {
		fmt.Fprint(e.out, "\r\n")
	}
	return line, err
}

// The keys that the editor knows, and those that it is given for them.
const (
	ctrlC = 3
	// clearLine removes what stands before the cursor and after it, and enters.
	clearLine = "\x15\x0b\r"
)

// keyboard makes an empty line of Ctrl-C, which the terminal's editor takes for
// the end of all input.
type keyboard struct {
	from io.Reader
	held []byte
	// abandoned tells that the last line is none.
	abandoned bool
}

var errNoKey = errors.New("an escape sequence of the terminal does not end")

// Read gives what was typed, up to the next Ctrl-C or that alone.
func (k *keyboard) Read(p []byte) (int, error) {
	if len(k.held) == 0 {
		buf := make([]byte, len(p))
		n, err := k.from.Read(buf)
		if err != nil {
			return 0, err
		}
		k.held = buf[:n]
	}
	if len(p) < len(clearLine) {
		return 0, errNoKey // the rest of the editor's buffer is one sequence
	}
	at := strings.IndexByte(string(k.held), ctrlC)
	if at == 0 {
		k.held, k.abandoned = k.held[1:], true
		return copy(p, clearLine), nil
	}
	if at < 0 {
		at = len(k.held)
	}
	n := copy(p, k.held[:at])
	k.held = k.held[n:]
	return n, nil
}

// completer completes the name before the cursor.
type completer struct {
	names func(word string) []string
	out   io.Writer
}

// maxShown is how many names are shown where several would do.
const maxShown = 60

// key is called for every key; it takes the tabulator alone.
func (c *completer) key(line string, pos int, key rune) (string, int, bool) {
	if key != '\t' {
		return "", 0, false
	}
	start := strings.LastIndexFunc(line[:pos], func(r rune) bool { return !partOfName(r) }) + 1
	word := line[start:pos]
	names := printable(c.names(word))
	whole := common(names)
	if len(whole) > len(word) {
		return line[:start] + whole + line[pos:], start + len(whole), true
	}
	if len(names) > 1 {
		c.show(names)
	}
	return line, pos, true
}

// show lists names above the line that is edited.
func (c *completer) show(names []string) {
	more := len(names) - maxShown
	names = names[:min(len(names), maxShown)]
	for i := range names {
		names[i] = render.Terminal(names[i])
	}
	fmt.Fprintln(c.out, strings.Join(names, "  "))
	if more > 0 {
		fmt.Fprintf(c.out, "(and %d more)\n", more)
	}
}

// partOfName reports whether r may stand in what is completed.
func partOfName(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-.", r)
}

// printable drops what cannot be typed and should not be shown.
func printable(names []string) []string {
	var out []string
	for _, name := range names {
		if !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
			out = append(out, name)
		}
	}
	return out
}

// common is what all names begin with.
func common(names []string) string {
	if len(names) == 0 {
		return ""
	}
	// Names are sorted: what the first and the last share, all do.
	first, last := []rune(names[0]), []rune(names[len(names)-1])
	n := 0
	for n < len(first) && n < len(last) && first[n] == last[n] {
		n++
	}
	return string(first[:n])
}
