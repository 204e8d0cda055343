package cli

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/providers/sandbox"
)

// envSandboxToken is the bearer token that `rollcall sandbox` asks for.
const envSandboxToken = "ROLLCALL_SANDBOX_TOKEN"

// sandboxFlags are those of sandbox.
type sandboxFlags struct {
	path, listen, dialect string
	faults                []string
	admin                 bool
}

func newSandbox(a *app) *cobra.Command {
	f := sandboxFlags{}
	c := manual{
		about: "Serves SCIM 2.0 on loopback, kept in a file, until it is interrupted. With " + envSandboxToken + "\n" +
			"in the environment it asks for that bearer token; without, any will do. It can be made\n" +
			"to behave as other services do, and to fail: -dialect=help and -fault=help list how.",
		example: "rollcall sandbox -listen=127.0.0.1:8080 -dialect=twingate -fault='POST /Users 503 every=3'",
		exits:   "0 ended by Ctrl-C.",
	}.describe(&cobra.Command{
		Use: "sandbox", Short: "Serve the SCIM service inside rollcall, on loopback", Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.sandbox(c.Context(), f) },
	})
	c.Flags().StringVar(&f.path, "path", "", "keep accounts and groups in `FILE` (default .rollcall/sandbox.json)")
	c.Flags().StringVar(&f.listen, "listen", "127.0.0.1:0", "`ADDRESS` on loopback; port 0 takes a free one")
	c.Flags().StringVar(&f.dialect, "dialect", "scim", "`DIALECT` to speak, with quirks: twingate,page-cap=10")
	c.Flags().StringArrayVar(&f.faults, "fault", nil, "`FAULT` to inject; may be repeated; help lists them")
	c.Flags().BoolVar(&f.admin, "admin", false, "let requests to /sandbox/faults change the faults")
	return c
}

// sandboxHelp prints the dialects and quirks, or the faults, that a sandbox knows.
func (a *app) sandboxHelp(f sandboxFlags) bool {
	if slices.Contains(f.faults, "help") {
		fmt.Fprintln(a.stdout, sandbox.FaultHelp)
		return true
	}
	if f.dialect != "help" {
		return false
	}
	fmt.Fprintln(a.stdout, "Dialects:")
	for _, d := range sandbox.Dialects() {
		fmt.Fprintf(a.stdout, "  %-24s %s\n", d.Name, d.Summary)
	}
	fmt.Fprintln(a.stdout, "Quirks, to add behind a comma:")
	for _, q := range sandbox.QuirkHelp() {
		fmt.Fprintf(a.stdout, "  %-24s %s\n", q[0], q[1])
	}
	return true
}

func (a *app) sandbox(ctx context.Context, f sandboxFlags) error {
	if a.sandboxHelp(f) {
		return nil
	}
	path := f.path
	if path == "" {
		path = filepath.Join(a.dataDir(), "sandbox.json")
	}
	token, _ := a.lookup(envSandboxToken)
	service, err := sandbox.Open(sandbox.Options{Path: path, Dialect: f.dialect, Token: token, Admin: f.admin, Clock: a.now})
	if err != nil {
		return fmt.Errorf("open the sandbox: %w", err)
	}
	defer service.Close()
	for _, text := range f.faults {
		fault, err := sandbox.ParseFault(text)
		if err != nil {
			return fmt.Errorf("read the flag -fault: %w", err)
		}
		service.Inject(fault)
	}
	address, err := service.Listen(ctx, f.listen)
	if err != nil {
		return fmt.Errorf("open the sandbox: %w", err)
	}
	a.introduce(address, path, service.Dialect().Name, token != "")
	<-ctx.Done()
	return service.Close()
}

// introduce says how to use a sandbox that is now open.
func (a *app) introduce(address, path, dialect string, token bool) {
	value := "any"
	if token {
		value = `"$` + envSandboxToken + `"`
	}
	host := address
	if u, err := url.Parse(address); err == nil {
		host = u.Hostname()
	}
	fmt.Fprintf(a.stdout, `SCIM service at %s
It speaks the dialect %q and is kept in %s. Ctrl-C ends it.

To use it as a target:

  target "scim" "sandbox" {
    base_url = %q
  }

and in the shell: export %s=%s
`, address, dialect, path, address, tokenVariable(host), value)
}

// dataDir is the folder of ROLLCALL_DATA_DIR, or .rollcall.
func (p *process) dataDir() string {
	if dir, _ := p.lookup(envDataDir); dir != "" {
		return dir
	}
	return ".rollcall"
}
