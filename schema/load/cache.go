package load

import (
	"bytes"
	"sync"
)

// Cache keeps what was parsed of files, so that configurations that share files
// (two revisions, the folder before and after an edit) parse each once. Its
// zero value is empty and ready for use; it is safe for concurrent use. Give it
// to every Load by Options.Cache. The files are compared byte by byte: a name
// for a content that somebody could forge, such as git's, plays no part.
type Cache struct {
	mu    sync.Mutex
	files map[cacheKey][]cached
	count int
}

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
	versions := append(c.files[key], cached{content, out})
	c.files[key] = versions[max(0, len(versions)-keepVersions):]
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
