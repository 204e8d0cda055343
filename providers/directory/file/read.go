package file

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/rollcall-dev/rollcall/schema"
)

// Limits bound what a data file may cost. A zero field is its default.
type Limits struct {
	// Bytes bounds a file's size: 1 GiB, but 8 MiB for YAML, which takes a hundred
	// times as long to read. A limit that is set holds for every format.
	Bytes int64
	// Depth bounds how deep values may be nested: 64.
	Depth int
	// Findings bounds how many findings one file gives: 20.
	Findings int
}

func (l Limits) withDefaults(f format) Limits {
	if l.Bytes == 0 {
		l.Bytes = f.bytes
	}
	if l.Depth == 0 {
		l.Depth = 64
	}
	if l.Findings == 0 {
		l.Findings = 20
	}
	return l
}

// format is one way to write rows.
type format struct {
	name  string
	bytes int64
	rows  func(*text, *builder, Limits) error
}

var formats = map[string]format{
	"csv":   {"CSV", 1 << 30, readCSV},
	"json":  {"JSON", 1 << 30, readJSON},
	"jsonl": {"JSON lines", 1 << 30, readLines},
	"yaml":  {"YAML", 8 << 20, readYAML},
}

// endings maps the ending of a path to a format.
var endings = map[string]string{
	".csv": "csv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".yaml": "yaml", ".yml": "yaml",
}

// Read reads the file that block names from fsys, which is the root of the
// configuration; fsys itself must keep links from leading out of it. With any
// error among the findings the directory is nil.
//
// People are in the order of the file, groups in that of their names. Header
// names, logins, ids, statuses and group names are taken without the space
// around them. An empty cell of CSV is a value that is not there, except in a
// custom column, where it is an empty text.
func Read(fsys fs.FS, block *schema.DirectoryBlock, limits Limits) (*schema.Directory, schema.Diagnostics) {
	r := &report{block: block, file: path.Clean(block.Path)}
	f, ok := formats[formatOf(block)]
	if !ok {
		r.noFormat()
		return nil, r.found
	}
	limits = limits.withDefaults(f)
	r.limit = limits.Findings
	if !fs.ValidPath(r.file) {
		r.leavesRoot()
		return nil, r.found
	}
	d, err := read(fsys, f, r, limits)
	if err != nil {
		r.failed(f, limits, err)
	}
	if len(r.found) > 0 {
		return nil, r.found
	}
	return d, nil
}

func formatOf(block *schema.DirectoryBlock) string {
	if block.Format != "" {
		return block.Format
	}
	return endings[strings.ToLower(path.Ext(block.Path))]
}

func read(fsys fs.FS, f format, r *report, limits Limits) (_ *schema.Directory, err error) {
	// To open a pipe waits for whoever writes to it.
	switch info, err := fs.Stat(fsys, r.file); {
	case err != nil:
		return nil, &unreadable{err}
	case !info.Mode().IsRegular():
		return nil, &unreadable{errors.New("it is not a regular file")}
	}
	in, err := fsys.Open(r.file)
	if err != nil {
		return nil, &unreadable{err}
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	info, err := in.Stat()
	if err != nil {
		return nil, &unreadable{err}
	}
	t := newText(in, limits.Bytes)
	b := newBuilder(r, info.Size(), t)
	if err := f.rows(t, b, limits); err != nil {
		return nil, err
	}
	// Rows may end before the file does; what follows has a digest too.
	if _, err := io.Copy(io.Discard, t); err != nil {
		return nil, err
	}
	if t.size != info.Size() {
		return nil, &unreadable{fmt.Errorf("it had %d bytes when it was opened and %d at its end: it was written to meanwhile", info.Size(), t.size)}
	}
	return b.finish("sha256:" + hex.EncodeToString(t.sum.Sum(nil))), nil
}
