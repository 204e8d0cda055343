package gitrepo

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	format "github.com/go-git/go-git/v5/plumbing/format/config"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// storage is a repository's storage for reading. Its objects are not unpacked by
// go-git, which does so however large they turn out to be, follows what a clone
// borrows in circles, and differences to differences until the stack is full. Its
// configuration keeps quiet about extensions that do not matter to a reader:
// go-git refuses to open a repository with any of them.
type storage struct {
	*filesystem.Storage
	depots []*depot
	// shared is the folder of what linked worktrees share.
	shared string
	// kept are objects that were unpacked.
	kept *hoard[plumbing.Hash, *plumbing.MemoryObject]
}

// EncodedObject returns an object of a type; plumbing.ErrObjectNotFound if
// the repository has none.
func (s storage) EncodedObject(t plumbing.ObjectType, h plumbing.Hash) (plumbing.EncodedObject, error) {
	o, err := s.object(h)
	if err != nil {
		return nil, err
	}
	if o == nil || t != plumbing.AnyObject && t != o.Type() {
		return nil, plumbing.ErrObjectNotFound
	}
	return o, nil
}

// object unpacks an object; nil if the repository does not have it.
func (s storage) object(h plumbing.Hash) (*plumbing.MemoryObject, error) {
	if o, ok := s.kept.get(h); ok {
		return o, nil
	}
	for _, d := range s.depots {
		o, err := d.unpack(h)
		if o != nil {
			s.kept.put(h, o, int(o.Size()))
		}
		if o != nil || err != nil {
			return o, err
		}
	}
	return nil, nil
}

// EncodedObjectSize returns the size of an object, without unpacking it.
func (s storage) EncodedObjectSize(h plumbing.Hash) (int64, error) {
	for _, d := range s.depots {
		if w, ok, err := d.size(h); ok || err != nil {
			return w.size, err
		}
	}
	return 0, plumbing.ErrObjectNotFound
}

// HasEncodedObject returns nil if the repository has an object.
func (s storage) HasEncodedObject(h plumbing.Hash) error {
	_, err := s.EncodedObjectSize(h)
	return err
}

// HashesWithPrefix returns the ids that begin with prefix, each once.
func (s storage) HashesWithPrefix(prefix []byte) ([]plumbing.Hash, error) {
	seen := map[plumbing.Hash]bool{}
	var found []plumbing.Hash
	for _, d := range s.depots {
		err := d.beginning(prefix, func(h plumbing.Hash) {
			if bytes.HasPrefix(h[:], prefix) && !seen[h] {
				seen[h] = true
				found = append(found, h)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Close closes what is open of the repository.
func (s storage) Close() error {
	for _, d := range s.depots {
		d.close()
	}
	return s.Storage.Close()
}

// harmless are extensions that change how a repository is written, or where
// configuration stands, and nothing about the objects that are there.
var harmless = map[string]bool{
	"worktreeconfig": true, "partialclone": true, "preciousobjects": true, "relativeworktrees": true,
}

// mostSections is how many sections a repository's configuration may have. To
// read it takes the square of their number.
const mostSections = 10_000

// Config returns the configuration without harmless extensions. Files that it
// includes are not read.
func (s storage) Config() (*config.Config, error) {
	content, err := readNote(filepath.Join(s.shared, "config"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if bytes.Count(content, []byte("[")) > mostSections {
		return nil, fmt.Errorf("the configuration of the repository has more than %d sections", mostSections)
	}
	c, err := s.Storage.Config()
	if err != nil {
		return nil, fmt.Errorf("read the configuration of the repository: %w", err)
	}
	section := c.Raw.Section("extensions")
	section.Options = slices.DeleteFunc([]*format.Option(section.Options), func(o *format.Option) bool { return harmless[strings.ToLower(o.Key)] })
	for _, o := range section.Options {
		if strings.EqualFold(o.Key, "objectformat") && strings.EqualFold(o.Value, "sha256") {
			return nil, ErrObjectFormat
		}
	}
	return c, nil
}
