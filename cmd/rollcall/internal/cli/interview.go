package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// firstFile is where the interview writes its answers.
const firstFile = "rollcall.hcl"

// answers are what a first configuration is made of.
type answers struct{ dialect, place, login, group string }

// interview asks for a first configuration and writes it. It refuses a folder
// that has one.
func (a *app) interview() error {
	have, err := configured()
	if err != nil {
		return err
	}
	if have {
		return errors.New("write a first configuration: there are *.hcl files in this folder already; run init without -interactive")
	}
	got, err := ask(bufio.NewReader(a.stdin), a.stderr)
	if err != nil {
		return fmt.Errorf("ask for a first configuration: %w", err)
	}
	f, err := os.OpenFile(firstFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write a first configuration: %w", err)
	}
	_, err = f.WriteString(got.configuration())
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write a first configuration: %w", err)
	}
	fmt.Fprintf(a.stdout, "Wrote %s.\n", firstFile)
	return nil
}

// ask puts the questions to w and takes one line each from r. An empty answer
// takes what stands in brackets.
func ask(r *bufio.Reader, w io.Writer) (answers, error) {
	var a answers
	questions := []struct {
		text, standard string
		into           *string
		check          func(string) error
	}{
		{"Where are accounts kept? sandbox, twingate or scim", "sandbox", &a.dialect, oneOf("sandbox", "twingate", "scim")},
		{"Network of Twingate, or base URL of the SCIM service (nothing for sandbox)", "", &a.place, nil},
		{"Login of the first person", "alice@example.com", &a.login, nil},
		{"Name of the first group", "Engineering", &a.group, nil},
	}
	for _, q := range questions {
		if err := askOne(r, w, q.text, q.standard, q.into, q.check); err != nil {
			return a, err
		}
	}
	if a.dialect != "sandbox" && a.place == "" {
		return a, fmt.Errorf("a target of dialect %q needs a network or base URL", a.dialect)
	}
	return a, nil
}

func askOne(r *bufio.Reader, w io.Writer, text, standard string, into *string, check func(string) error) error {
	fmt.Fprintf(w, "%s [%s]: ", text, standard)
	line, err := r.ReadString('\n')
	if err != nil && (!errors.Is(err, io.EOF) || line == "") {
		return fmt.Errorf("no answer to %q: %w", text, err)
	}
	*into = strings.TrimSpace(line)
	if *into == "" {
		*into = standard
	}
	if strings.ContainsFunc(*into, func(r rune) bool { return !strconv.IsPrint(r) || r == utf8.RuneError }) {
		return fmt.Errorf("the answer %q holds characters that cannot be printed", *into)
	}
	if check == nil {
		return nil
	}
	return check(*into)
}

func oneOf(allowed ...string) func(string) error {
	return func(answer string) error {
		for _, a := range allowed {
			if a == answer {
				return nil
			}
		}
		return fmt.Errorf("%q is none of %s", answer, strings.Join(allowed, ", "))
	}
}

// configuration writes the answers as HCL.
func (a answers) configuration() string {
	var b strings.Builder
	fmt.Fprintf(&b, "target %q \"main\" {\n", a.dialect)
	switch a.dialect {
	case "twingate":
		fmt.Fprintf(&b, "  network = %s\n", quoteHCL(a.place))
	case "scim":
		fmt.Fprintf(&b, "  base_url = %s\n", quoteHCL(a.place))
	}
	fmt.Fprintf(&b, "}\n\nuser \"first\" {\n  login = %s\n}\n", quoteHCL(a.login))
	fmt.Fprintf(&b, "\ngroup \"first\" {\n  name    = %s\n  members = [user.first]\n}\n", quoteHCL(a.group))
	b.WriteString("\napp \"main\" {\n  target = target." + a.dialect + ".main\n}\n")
	b.WriteString("\n# Who has an account.\nassignment \"first\" {\n  app    = app.main\n  groups = [group.first]\n}\n")
	b.WriteString("\n# Which groups exist there.\npush_group \"first\" {\n  app   = app.main\n  group = group.first\n}\n")
	return b.String()
}

// quoteHCL writes s as an HCL string without template sequences.
func quoteHCL(s string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(strconv.Quote(s))
}
