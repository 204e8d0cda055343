package load

import (
	"io/fs"

	"github.com/rollcall-dev/rollcall/schema"
)

// Options are what a configuration is read with besides its files. The zero
// value reads a configuration that needs no variables, with the default limits
// and without an environment.
type Options struct {
	// Vars are the values given as `-var name=value`; they win over all others.
	Vars map[string]string
	// VarFiles are the files given as `-var-file`, in that order: later ones win.
	VarFiles []NamedSource
	// Saved are values that were given when a plan was saved. They stand for
	// those of VarFiles and Environ; Vars win over them.
	Saved []schema.GivenValue
	// Environ looks up ROLLCALL_VAR_name now and the names of env() when their
	// value is first needed. Nil is an empty environment.
	Environ func(name string) (string, bool)
	// NoSecrets leaves sensitive variables alone: none is looked up, and none
	// has to be given. Credentials that are made of them cannot be read.
	NoSecrets bool
	// Version is rollcall's own version, compared with required_version. Empty
	// skips the comparison.
	Version string
	Limits  Limits
	// Cache keeps what is parsed, for other configurations that share files with
	// this one. Nil keeps nothing.
	Cache *Cache
}

// NamedSource is a file from outside the configuration.
type NamedSource struct {
	Name    string
	Content []byte
}

// Limits bound what a configuration may cost. A zero field means its default.
type Limits struct {
	// FileBytes is the largest size of one file: 1 MiB.
	FileBytes int
	// TreeBytes is the largest size of all files together: 32 MiB.
	TreeBytes int
	// Files is the largest number of files: 5,000.
	Files int
	// Depth is how deep brackets, blocks and templates may nest: 64.
	Depth int
	// Operations bounds the work of one expression: 1,000,000. An element of a for
	// expression takes about five, an element given to a function one.
	Operations int
	// TextBytes is the longest text that a function or template may make: 1 MiB.
	TextBytes int
	// Elements is the longest list that a function may make: 100,000.
	Elements int
}

func (l Limits) withDefaults() Limits {
	for _, f := range []struct {
		field *int
		value int
	}{
		{&l.FileBytes, 1 << 20},
		{&l.TreeBytes, 32 << 20},
		{&l.Files, 5000},
		{&l.Depth, 64},
		{&l.Operations, 1_000_000},
		{&l.TextBytes, 1 << 20},
		{&l.Elements, 100_000},
	} {
		if *f.field == 0 {
			*f.field = f.value
		}
	}
	return l
}

// Sources holds the content of every file that was read, by its name under the
// root, so that a finding can show the line that it is about.
type Sources map[string][]byte

// Load reads the configuration under the root of fsys. Files and blocks are
// read in whatever order they come; the Config is sorted by address. Whatever is
// wrong with what a person wrote is a finding, never a panic; if the findings
// have errors, the Config holds what could be understood and must not be
// planned from. Sources is complete in both cases.
func Load(fsys fs.FS, opts Options) (*schema.Config, Sources, schema.Diagnostics) {
	r := Read(fsys, opts)
	return r.Config, r.Sources, r.Findings
}
