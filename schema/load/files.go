package load

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // git's own name for a content, not a protection.
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/rollcall-dev/rollcall/schema"
)

// source is one file of the configuration.
type source struct {
	name    string
	content []byte
	// blobID is git's name for the content; empty where nobody needs it.
	blobID string
}

// IsConfiguration reports whether name is that of a file with blocks, as
// opposed to values of variables, data and tests.
func IsConfiguration(name string) bool { return isConfiguration(path.Base(name)) }

// isConfiguration reports whether a file of that base name is read. Names that
// begin with . or _ are left out, and so are tests.
func isConfiguration(base string) bool {
	if IsTest(base) {
		return false
	}
	return strings.HasSuffix(base, ".hcl") || isJSON(base)
}

func isJSON(name string) bool { return strings.HasSuffix(name, ".hcl.json") }

// isVariables reports whether the file at that path holds values of variables,
// which is so in the root alone.
func isVariables(name string) bool {
	return name == "rollcall.vars" || !strings.Contains(name, "/") && strings.HasSuffix(name, ".auto.vars")
}

func isHidden(base string) bool {
	return base != "." && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_"))
}

// tree is what was found under the root, each list in the order of names.
type tree struct {
	config    []source
	variables []source
}

// read reads the files of the configuration.
func (l *loader) read() tree {
	var t tree
	wanted := func(name string) bool { return isConfiguration(path.Base(name)) || isVariables(name) }
	l.walk(wanted, func(s source) {
		l.sources[s.name] = s.content
		l.config.Files = append(l.config.Files, schema.File{Name: s.name, BlobID: s.blobID})
		t.add(s)
	})
	return t
}

// mostEntries is how many files and folders are looked at, whatever they hold:
// at a revision, folders may be in folders in any number, and cost nothing.
const mostEntries = 250_000

// walk goes through the whole tree and hands over the files whose names are
// wanted, within the limits. fs.WalkDir goes in lexical order.
func (l *loader) walk(wanted func(name string) bool, add func(source)) {
	files, total, seen := 0, 0, 0
	err := fs.WalkDir(l.fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			l.add(unreadable(name, err))
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if seen++; seen > mostEntries {
			l.add(tooLarge(name, fmt.Sprintf("There are more than %d files and folders here, whatever they hold. Keep the configuration in a folder of its own.", mostEntries)))
			return fs.SkipAll
		}
		if isHidden(path.Base(name)) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.Type()&fs.ModeSymlink != 0 && !l.acceptLink(name) {
			return nil
		}
		if d.IsDir() || !wanted(name) {
			return nil
		}
		if files >= l.opts.Limits.Files {
			l.add(tooLarge(name, fmt.Sprintf("The configuration has more than %d files.", l.opts.Limits.Files)))
			return fs.SkipAll
		}
		src, ok := l.readFile(name)
		if total += len(src.content); total > l.opts.Limits.TreeBytes {
			l.add(tooLarge(name, fmt.Sprintf("With this file, the configuration is larger than %d bytes.", l.opts.Limits.TreeBytes)))
			return fs.SkipAll
		}
		if ok {
			files++
			add(src)
		}
		return nil
	})
	if err != nil {
		l.add(unreadable(".", err))
	}
}

// acceptLink reports whether a symbolic link leads to a file under the root. A
// link to a folder is passed over: what the folder holds is read at its own place.
func (l *loader) acceptLink(name string) bool {
	info, err := fs.Stat(l.fsys, name)
	if err != nil {
		if isConfiguration(path.Base(name)) || leavesRoot(err) {
			l.add(unreadable(name, err))
		}
		return false
	}
	return info.Mode().IsRegular()
}

// leavesRoot recognises os.Root's refusal, which has no error value of its own.
func leavesRoot(err error) bool { return strings.Contains(err.Error(), "path escapes from parent") }

func (t *tree) add(s source) {
	if isVariables(s.name) {
		t.variables = append(t.variables, s)
		return
	}
	t.config = append(t.config, s)
}

// readFile reads one file of at most the limit's size.
func (l *loader) readFile(name string) (source, bool) {
	limit := l.opts.Limits.FileBytes
	return l.opts.Cache.content(l.fsys, name, limit, func() (source, bool) {
		content, err := l.contentOf(name, limit)
		if err != nil {
			l.add(unreadableFile(name, err))
			return source{}, false
		}
		return source{name, content, blobID(content)}, true
	})
}

var errTooLarge = errors.New("larger than the limit")

// contentOf reads at most limit bytes of a regular file. It asks what the file
// is before it opens it: to open a pipe waits for whoever writes to it.
func (l *loader) contentOf(name string, limit int) ([]byte, error) {
	info, err := fs.Stat(l.fsys, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	if info.Size() > int64(limit) {
		// At a revision, to open it is to unpack it: a few bytes may become very many.
		return nil, errTooLarge
	}
	f, err := l.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	// One byte more than it has tells that it has no more.
	content := bytes.NewBuffer(make([]byte, 0, min(max(info.Size(), 0), int64(limit))+bytes.MinRead))
	_, err = content.ReadFrom(io.LimitReader(f, int64(limit)+1))
	if err == nil && content.Len() > limit {
		return nil, errTooLarge
	}
	return content.Bytes(), err
}

// blobID returns git's name for a content.
func blobID(content []byte) string {
	h := sha1.New() //nolint:gosec // see the import
	fmt.Fprintf(h, "blob %d\x00", len(content))
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil))
}

func unreadableFile(name string, err error) schema.Diagnostic {
	if errors.Is(err, errTooLarge) {
		return tooLarge(name, "The file is larger than one file may be. Split it, or raise the limit.")
	}
	return unreadable(name, err)
}

// unreadable explains a file that could not be read.
func unreadable(name string, err error) schema.Diagnostic {
	at := schema.Origin{File: name, Line: 1, Column: 1, EndLine: 1, EndColumn: 1}
	if leavesRoot(err) {
		return finding(codeLink, at, "Link leaves the configuration",
			"This is a symbolic link to a place outside the configuration's root. Put the file itself here, or begin its name with _ to leave it out.")
	}
	return finding(codeUnreadable, at, "File cannot be read", fmt.Sprintf("Reading it failed: %v.", err))
}

func tooLarge(name, detail string) schema.Diagnostic {
	return finding(codeTooLarge, schema.Origin{File: name, Line: 1, Column: 1, EndLine: 1, EndColumn: 1}, "Configuration is too large", detail)
}
