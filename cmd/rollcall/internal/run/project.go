package run

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/gitrepo"
	"github.com/rollcall-dev/rollcall/providers/sandbox"
	"github.com/rollcall-dev/rollcall/providers/seal"
	"github.com/rollcall-dev/rollcall/schema"
	"github.com/rollcall-dev/rollcall/schema/load"
)

// Options are what a run is given by whoever reads flags and environment.
type Options struct {
	// Root is the folder of the configuration.
	Root string
	// At reads the configuration as it is at a revision of git instead of in
	// the folder; empty is the folder. Such a run is for looking alone.
	At string
	// DataDir is where state and sandbox are kept by default; .rollcall if empty.
	DataDir string
	// Load holds variable values and the configuration's view of the environment.
	Load load.Options
	// Token finds the credential of a host for targets that give none.
	Token func(host string) (*schema.Secret, error)
	// Identity is the age identity that decrypts, where the configuration gives
	// none; nil for none.
	Identity *schema.Secret
	// AllowedHosts are the only hosts that targets may be at; nil allows all.
	AllowedHosts []string
	// AsOf is the moment that is planned for; zero means now.
	AsOf time.Time
	// Only limits a run to one app or person.
	Only schema.Address
	// Expressions keeps what evaluates more expressions, in Project.Expressions.
	Expressions bool
	// MayBeEmpty: a folder without any configuration is no error.
	MayBeEmpty bool
	// Offline runs open no socket: a target is taken to be as we left it.
	Offline bool
	// Parallelism is how many requests may be under way at one target; zero
	// leaves it to the configuration and the dialect.
	Parallelism int
	// NoLock leaves the state's lock alone; LockWait is how long to wait for it.
	NoLock   bool
	LockWait time.Duration
	// Who and CIRun say in a lock who holds it.
	Who, CIRun string
	// Version is rollcall's own.
	Version string
	Now     func() time.Time
	// Random returns text that cannot be guessed, for ids and tokens.
	Random func() string
	Log    *slog.Logger
	// Reading is told how far the read of a target is: "users" or "groups", how
	// many were read, and how many there are. Reads run at the same time.
	Reading func(target schema.Address, what string, done, total int)
	// Notice is told, in a sentence, what a person who waits should know.
	Notice func(string)
}

// Project is a configuration that was loaded, with its directories.
type Project struct {
	Config *schema.Config
	// Sources are the files that were read, to show lines of.
	Sources load.Sources
	// Findings are all findings so far, those of the configuration first.
	Findings schema.Diagnostics
	// Desired is what the configuration asks for; nil where Findings has errors.
	Desired *planner.Desired
	// Expressions evaluates more expressions over the configuration until the
	// project is closed; nil unless the options ask for it.
	Expressions *load.Loaded

	options Options
	files   fs.FS
	root    io.Closer
	// keys are made once: to derive one from a passphrase takes a while.
	keys        func() *seal.Keys
	asOf        time.Time
	facts       planner.Facts
	directories []planner.DirectoryInput
	// written are the findings about what was written, which a plan repeats.
	written schema.Diagnostics
}

// Open loads the configuration in the folder, reads its directories and works
// out what must be. What is wrong with them is in Findings; the error is for a
// world that fails. Close the project when it is done with.
func Open(o Options) (*Project, error) {
	p, err := Load(o)
	if err != nil {
		return nil, err
	}
	if err := p.Complete(); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Complete makes of a project that was loaded what [Open] makes of it. Where its
// findings hold an error it stays as it is.
func (p *Project) Complete() error {
	if p.Findings.HasErrors() {
		return nil
	}
	p.refuseUnsupported()
	p.refuseEmpty()
	if p.Findings.HasErrors() {
		return nil
	}
	return p.resolve()
}

// Load reads the configuration alone. Nothing outside its folder can be
// reached: the folder is opened as a root that links cannot leave, or as a tree
// of git where there are none.
func Load(o Options) (*Project, error) {
	p := &Project{options: o, asOf: o.AsOf}
	if err := p.openFiles(); err != nil {
		return nil, err
	}
	if p.asOf.IsZero() {
		p.asOf = o.Now()
	}
	loaded := load.Read(p.files, o.Load)
	p.Config, p.Sources, p.Findings = loaded.Config, loaded.Sources, loaded.Findings
	p.keys = sync.OnceValue(p.makeKeys)
	if o.Expressions {
		p.Expressions = loaded
	}
	return p, nil
}

// openFiles opens the folder, or what a revision has of it.
func (p *Project) openFiles() error {
	if p.options.At == "" {
		root, err := os.OpenRoot(p.options.Root)
		if err != nil {
			return fmt.Errorf("open the folder of the configuration: %w", err)
		}
		p.root, p.files = root, root.FS()
		return nil
	}
	revision, err := gitrepo.Open(p.options.Root, p.options.At)
	if err != nil {
		return err
	}
	p.root, p.files = revision, revision.FS()
	return nil
}

// Close gives the folder back.
func (p *Project) Close() { _ = p.root.Close() }

// Commit is the full id of the commit that the configuration was read from;
// empty for that in the folder.
func (p *Project) Commit() string {
	if r, ok := p.root.(*gitrepo.Revision); ok {
		return r.Commit
	}
	return ""
}

// resolve reads the directories and works out what must be.
func (p *Project) resolve() error {
	directories, err := p.readDirectories()
	if err != nil || p.Findings.HasErrors() {
		return err
	}
	capabilities, err := p.capabilities()
	if err != nil {
		return err
	}
	p.facts = planner.Facts{Directories: directories, Capabilities: capabilities, AsOf: p.asOf, Now: p.options.Now()}
	desired, found := planner.Resolve(p.Config, p.facts)
	p.written = p.Findings
	p.Findings = slices.Concat(p.Findings, found)
	if !p.Findings.HasErrors() {
		p.Desired = desired
	}
	return nil
}

// Simulated works out what would be once edits were made, at asOf, or at the
// project's own moment where that is zero. The findings are those of what would
// be; where they hold an error nothing can be said, and Desired is nil.
func (p *Project) Simulated(edits []planner.Edit, asOf time.Time) (*planner.Desired, schema.Diagnostics, error) {
	config, facts, err := planner.Edited(p.Config, p.facts, edits)
	if err != nil {
		return nil, nil, err
	}
	if !asOf.IsZero() {
		facts.AsOf = asOf
	}
	desired, found := planner.Resolve(config, facts)
	if found.HasErrors() {
		return nil, found, nil
	}
	return desired, found, nil
}

// dataFolder is where files of ours are kept, unless the operator says otherwise.
const dataFolder = ".rollcall/"

// dataFile is where a file of ours is kept: at file, or where that is empty
// under the data folder by name. A path in the usual data folder follows it to
// where the operator has it.
func (p *Project) dataFile(file, name string) (string, error) {
	if file == "" {
		file = dataFolder + name
	}
	if rest, ok := strings.CutPrefix(file, dataFolder); ok && p.options.DataDir != "" {
		file = filepath.Join(p.options.DataDir, filepath.FromSlash(rest))
	} else if err := p.staysInside(file); err != nil {
		return "", err
	}
	if file = filepath.FromSlash(file); filepath.IsAbs(file) {
		return file, nil
	}
	return filepath.Join(p.options.Root, file), nil
}

// staysInside refuses a place for a file of ours to which a link leads out of
// the root: the configuration is not trusted to say where else to write.
func (p *Project) staysInside(name string) error {
	root, err := os.OpenRoot(p.options.Root)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // nothing was written
	fresh := path.Join(path.Dir(name), "."+path.Base(name)+".new")
	for _, written := range []string{name, name + ".lock", name + ".journal", name + ".log", name + ".tmp", fresh} {
		if err := exists(root, written); err != nil {
			return fmt.Errorf("use %s: %w (a folder elsewhere is named by ROLLCALL_DATA_DIR, not by a link)", written, err)
		}
	}
	return nil
}

// HistoryFile is where a console keeps what was typed. It is empty where the
// data folder is not there yet: to look at a configuration writes nothing.
func (p *Project) HistoryFile() string {
	file, err := p.dataFile("", "console_history")
	if err != nil {
		return ""
	}
	if info, err := os.Stat(filepath.Dir(file)); err != nil || !info.IsDir() {
		return ""
	}
	return file
}

// exists looks for name, or else for the first folder above it that is there.
func exists(root *os.Root, name string) error {
	_, err := root.Stat(filepath.FromSlash(name))
	if errors.Is(err, fs.ErrNotExist) && path.Dir(name) != name {
		return exists(root, path.Dir(name))
	}
	return err
}

// refuseUnsupported finds what the language has and this program does not.
func (p *Project) refuseUnsupported() {
	refuse := func(origin schema.Origin, what, instead string) {
		p.Findings = append(p.Findings, schema.Diagnostic{
			Severity: schema.Error, Code: "unsupported-feature", Summary: "Not supported yet",
			Detail: what + " is not supported by this version of rollcall. " + instead, Origin: origin,
		})
	}
	for i := range p.Config.Directories {
		if d := &p.Config.Directories[i]; d.Kind != "file" {
			refuse(d.Origin, fmt.Sprintf("A directory of kind %q", d.Kind), "Export it and use directory \"file\".")
		}
	}
	p.refuseUnknownDialects()
}

// refuseUnknownDialects finds sandboxes that are told to behave as nothing we know.
func (p *Project) refuseUnknownDialects() {
	for i := range p.Config.Targets {
		t := &p.Config.Targets[i]
		if _, err := sandbox.ParseDialect(t.SandboxDialect); t.Dialect == embedded && t.SandboxDialect != "" && err != nil {
			p.Findings = append(p.Findings, schema.Diagnostic{
				Severity: schema.Error, Code: "invalid-value", Summary: "Value is not allowed",
				Detail: "The argument \"dialect\": " + sentence(err.Error()), Origin: t.Origin, Object: string(t.Address),
			})
		}
	}
}

// refuseEmpty finds that there is nothing here: most likely the command was
// run in the wrong folder, where "no changes" would be a lie.
func (p *Project) refuseEmpty() {
	if p.options.MayBeEmpty || slices.ContainsFunc(p.Config.Files, func(f schema.File) bool { return load.IsConfiguration(f.Name) }) {
		return
	}
	p.Findings = append(p.Findings, schema.Diagnostic{
		Severity: schema.Error, Code: "no-configuration", Summary: "There are no configuration files here",
		Detail: "No *.hcl or *.hcl.json file is in this folder or below it (names that begin with . or _ and *.test.hcl do not count). " +
			"Run rollcall in the folder of your configuration, or name that with -chdir=DIR; \"rollcall init -interactive\" writes a first one.",
	})
}

// locked describes this run to others who want the lock.
func (p *Project) locked(operation string) providers.LockInfo {
	return providers.LockInfo{
		ID: p.options.Random(), Operation: operation, Who: p.options.Who,
		Version: p.options.Version, Created: p.options.Now(), Run: p.options.CIRun,
	}
}
