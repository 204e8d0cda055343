package load

import (
	"bytes"
	"io/fs"
	"slices"
	"sync"
)

// Cache keeps what was parsed of files, so that configurations that share files
// (two revisions, the folder before and after an edit) parse each once. Its
// zero value is empty and ready for use; it is safe for concurrent use. Give it
// to every Load by Options.Cache. The files are compared byte by byte: a name
// for a content that somebody could forge, such as git's, plays no part, unless
// both files are of one store, where one name is one object (see [Named]).
type Cache struct {
	mu    sync.Mutex
	files map[cacheKey][]cached
	named map[string][]namedContent
	count int
}

// Named is a file system that may name the contents of its files without
// reading them.
type Named interface {
	fs.FS
	// ContentName returns a name for the content of a file which, of all file
	// systems that a Cache is used with, none gives to another content. It is
	// empty where there is none.
	ContentName(file string) string
}

// namedContent is a content with its name.
type namedContent struct {
	name string
	source
}

// content returns what find finds of a file, or what was found of it before if
// the file system says that it is the same content.
func (c *Cache) content(fsys fs.FS, file string, limit int, find func() (source, bool)) (source, bool) {
	names, ok := fsys.(Named)
	if c == nil || !ok {
		return find()
	}
	name := names.ContentName(file)
	if name == "" {
		return find()
	}
	c.mu.Lock()
	i := slices.IndexFunc(c.named[file], func(n namedContent) bool { return n.name == name && len(n.source.content) <= limit })
	if i >= 0 {
		defer c.mu.Unlock()
		return c.named[file][i].source, true
	}
	c.mu.Unlock()
	found, ok := find()
	if !ok {
		return found, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.named == nil {
		c.named = map[string][]namedContent{}
	}
	c.named[file] = lastVersions(append(c.named[file], namedContent{name, found}))
	return found, true
}

func lastVersions[T any](all []T) []T { return all[max(0, len(all)-keepVersions):] }

// cacheKey is what a parse depends on besides the content: the name is part of
// every place, and the limits say what is refused.
type cacheKey struct {
	name             string
	fileBytes, depth int
}

// cached is one content of a file with what was read of it, which nobody changes.
type cached struct {
	content []byte
	parsed  parsed
}

// keepVersions is how many contents of one file are kept, the last ones.
const keepVersions = 2

// Parsed is how many files were parsed, as opposed to found in the cache.
func (c *Cache) Parsed() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count
}

// read returns what p reads of a file, or what it has read of it before. Without
// a cache it reads.
func (c *Cache) read(p *parser, name string, content []byte) parsed {
	if c == nil {
		return p.read(name, content)
	}
	key := cacheKey{name, p.limits.FileBytes, p.limits.Depth}
	if known, ok := c.find(key, content); ok {
		return known
	}
	out := p.read(name, content)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	if c.files == nil {
		c.files = map[cacheKey][]cached{}
	}
	c.files[key] = lastVersions(append(c.files[key], cached{content, out}))
	return out
}

func (c *Cache) find(key cacheKey, content []byte) (parsed, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, known := range c.files[key] {
		if bytes.Equal(known.content, content) {
			return known.parsed, true
		}
	}
	return parsed{}, false
}
