package cli

import (
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
	"github.com/rollcall-dev/rollcall/schema"
	"github.com/rollcall-dev/rollcall/schema/load"
)

// loadFlags are the flags of every command that reads the configuration.
type loadFlags struct {
	vars     []string
	varFiles []string
}

// add gives c the flags.
func (f *loadFlags) add(c *cobra.Command) {
	c.Flags().StringArrayVar(&f.vars, "var", nil, "value of a variable, as `NAME=VALUE`; may be repeated")
	c.Flags().StringArrayVar(&f.varFiles, "var-file", nil, "`FILE` of variable values; may be repeated")
}

// options turns the flags and the environment into what a run needs.
func (a *app) options(f loadFlags) (run.Options, error) {
	vars, err := parseVars(f.vars)
	if err != nil {
		return run.Options{}, err
	}
	files, err := readVarFiles(f.varFiles)
	if err != nil {
		return run.Options{}, err
	}
	log, err := a.logger()
	if err != nil {
		return run.Options{}, err
	}
	dataDir, _ := a.lookup(envDataDir)
	return run.Options{
		Root: ".", DataDir: dataDir,
		Load:  load.Options{Vars: vars, VarFiles: files, Environ: a.lookup, Version: version},
		Token: a.token, Identity: a.secret(run.IdentityVariable, "age identity"), AllowedHosts: a.allowedHosts(),
		Who: a.who(), CIRun: a.ciRun(), Version: buildVersion().Version,
		Now: a.now, Random: rand.Text, Log: log,
		Notice: a.say, Reading: a.readingProgress(),
	}, nil
}

// addAt gives c the flag -at.
func addAt(c *cobra.Command, at *string) {
	c.Flags().StringVar(at, "at", "", "at `REVISION` of git: a commit, branch, tag or HEAD~2")
}

// optionsAt is what a run needs that only looks at the configuration: that in
// the folder, or that of a revision. It has no use for sensitive variables.
func (a *app) optionsAt(f loadFlags, revision string) (run.Options, error) {
	o, err := a.options(f)
	o.At, o.Load.NoSecrets = revision, true
	return o, err
}

// parseVars reads the values of -var.
func parseVars(list []string) (map[string]string, error) {
	vars := make(map[string]string, len(list))
	for _, entry := range list {
		name, value, ok := strings.Cut(entry, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("read the flag -var: it is written NAME=VALUE, and %q has no name or no value", name)
		}
		vars[strings.TrimSpace(name)] = value
	}
	return vars, nil
}

// readVarFiles reads the files of -var-file.
func readVarFiles(paths []string) ([]load.NamedSource, error) {
	files := make([]load.NamedSource, 0, len(paths))
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read the flag -var-file: %w", err)
		}
		files = append(files, load.NamedSource{Name: path, Content: content})
	}
	return files, nil
}

// who names the person and machine for others who find the lock taken. The
// system is not asked for the name: where accounts are kept in a directory, it
// would ask that one over the network, for commands that speak to nobody.
func (a *app) who() string {
	name := "uid " + strconv.Itoa(os.Getuid())
	for _, variable := range []string{"USER", "LOGNAME", "USERNAME"} {
		if value, ok := a.lookup(variable); ok && value != "" {
			name = value
			break
		}
	}
	if host, err := os.Hostname(); err == nil {
		name += "@" + host
	}
	return name
}

// ciRun is the address of the CI run that this is, where the CI says.
func (a *app) ciRun() string {
	if job, ok := a.lookup("CI_JOB_URL"); ok {
		return job
	}
	server, _ := a.lookup("GITHUB_SERVER_URL")
	repository, _ := a.lookup("GITHUB_REPOSITORY")
	id, ok := a.lookup("GITHUB_RUN_ID")
	if !ok {
		return ""
	}
	return server + "/" + repository + "/actions/runs/" + id
}

// moment reads the value of -as-of; empty is now.
func moment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("read the flag -as-of: %q is no RFC 3339 time such as 2026-03-01T00:00:00Z", text)
	}
	return t, nil
}

// address reads the value of -target.
func address(text string) (schema.Address, error) {
	a := schema.Address(text)
	if text != "" && a.Name() == "" {
		return "", fmt.Errorf("read the flag -target: %q is no address such as app.vpn or user.alice", text)
	}
	return a, nil
}
