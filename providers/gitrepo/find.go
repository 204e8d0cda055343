package gitrepo

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/rollcall-dev/rollcall/schema"
)

// RevisionError says that a repository does not have a revision.
type RevisionError struct {
	// Why says what is missing, and what to do about it.
	Why string
}

// Error says what is missing.
func (e *RevisionError) Error() string { return e.Why }

// finder finds the commit that rev names.
type finder struct {
	repo  *git.Repository
	store storage
	rev   string
}

func (f *finder) missing(format string, args ...any) error {
	return &RevisionError{fmt.Sprintf(format, args...)}
}

// find splits the revision into a name and the steps to an ancestor.
func (f *finder) find() (*object.Commit, error) {
	name, steps := f.rev, ""
	if i := strings.IndexAny(f.rev, "~^"); i >= 0 {
		name, steps = f.rev[:i], f.rev[i:]
	}
	hash, err := f.named(name)
	if err != nil {
		return nil, err
	}
	commit, err := f.peel(hash)
	if err != nil {
		return nil, err
	}
	return f.walk(commit, steps)
}

// refRules are where git looks for a name, in its order.
var refRules = [...]string{"%s", "refs/%s", "refs/tags/%s", "refs/heads/%s", "refs/remotes/%s", "refs/remotes/%s/HEAD"}

// named finds the object that a name without steps stands for.
func (f *finder) named(name string) (plumbing.Hash, error) {
	if plumbing.IsHash(name) {
		return plumbing.NewHash(name), nil
	}
	if name == "@" {
		name = "HEAD"
	}
	for _, rule := range refRules {
		ref := plumbing.ReferenceName(fmt.Sprintf(rule, name))
		if ref.Validate() != nil && ref != plumbing.HEAD {
			continue
		}
		if r, err := f.repo.Reference(ref, true); err == nil {
			return r.Hash(), nil
		}
	}
	return f.abbreviated(name)
}

// shortest is the length of the shortest beginning of an id that git takes.
const shortest = 4

// abbreviated finds the commit or tag whose id begins with name.
func (f *finder) abbreviated(name string) (plumbing.Hash, error) {
	bytes, err := hex.DecodeString(name[:len(name)&^1])
	if err != nil || len(name) < shortest {
		return plumbing.ZeroHash, f.unknown(name)
	}
	begin, err := f.store.HashesWithPrefix(bytes)
	if err != nil {
		return plumbing.ZeroHash, fmt.Errorf("look up the id %s: %w", name, err)
	}
	fits := map[plumbing.Hash]bool{}
	for _, h := range begin {
		if strings.HasPrefix(h.String(), strings.ToLower(name)) && f.mayBeCommit(h) {
			fits[h] = true
		}
	}
	switch len(fits) {
	case 0:
		return plumbing.ZeroHash, f.unknown(name)
	case 1:
		return slices.Collect(maps.Keys(fits))[0], nil
	}
	return plumbing.ZeroHash, f.missing("%d commits have an id that begins with %s; give more of it", len(fits), name)
}

// mayBeCommit reports whether the object is a commit or a tag, which may lead to one.
func (f *finder) mayBeCommit(h plumbing.Hash) bool {
	o, err := f.store.EncodedObject(plumbing.AnyObject, h)
	return err == nil && (o.Type() == plumbing.CommitObject || o.Type() == plumbing.TagObject)
}

// longestTags is how many tags may name each other.
const longestTags = 100

// peel follows tags to a commit.
func (f *finder) peel(h plumbing.Hash) (*object.Commit, error) {
	for range longestTags {
		commit, next, err := f.follow(h)
		if commit != nil || err != nil {
			return commit, err
		}
		h = next
	}
	return nil, f.missing("it is a tag of a tag, more than %d in a row", longestTags)
}

// follow reads the commit with the id h, or what the tag of that id names.
func (f *finder) follow(h plumbing.Hash) (commit *object.Commit, next plumbing.Hash, err error) {
	o, err := f.store.EncodedObject(plumbing.AnyObject, h)
	switch {
	case errors.Is(err, plumbing.ErrObjectNotFound):
		return nil, next, f.unknown(h.String())
	case err != nil:
		return nil, next, fmt.Errorf("read object %s: %w", h, err)
	case o.Type() == plumbing.CommitObject:
		commit, err = object.DecodeCommit(f.store, o)
		return commit, next, err
	case o.Type() != plumbing.TagObject:
		return nil, next, f.missing("%s is a %s, not a commit", h, o.Type())
	}
	tag, err := object.DecodeTag(f.store, o)
	if err != nil {
		return nil, next, fmt.Errorf("read tag %s: %w", h, err)
	}
	return nil, tag.Target, nil
}

// walk takes the steps ~N, to the Nth first parent, and ^N, to the Nth parent.
func (f *finder) walk(c *object.Commit, steps string) (*object.Commit, error) {
	for steps != "" {
		kind := steps[0]
		digits := 1
		for digits < len(steps) && '0' <= steps[digits] && steps[digits] <= '9' {
			digits++
		}
		n, err := 1, error(nil)
		if digits > 1 {
			n, err = strconv.Atoi(steps[1:digits])
		}
		if err != nil || kind != '~' && kind != '^' {
			return nil, f.missing("only ~N and ^N may follow a name, not %q", steps)
		}
		steps = steps[digits:]
		if kind == '^' && n > 0 {
			c, err = f.parent(c, n)
		}
		for ; kind == '~' && n > 0 && err == nil; n-- {
			c, err = f.parent(c, 1)
		}
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

// parent reads the nth parent of c.
func (f *finder) parent(c *object.Commit, n int) (*object.Commit, error) {
	if ends, err := f.store.Shallow(); err == nil && slices.Contains(ends, c.Hash) {
		return nil, f.missing("the clone is shallow, and its history ends at commit %s; \"git fetch --unshallow\" fetches the rest "+
			"(in CI, let the checkout fetch the whole history: fetch-depth: 0, GIT_DEPTH: 0)", c.Hash)
	}
	if n > len(c.ParentHashes) {
		return nil, f.missing("commit %s has %d parents", c.Hash, len(c.ParentHashes))
	}
	parent, err := object.GetCommit(f.store, c.ParentHashes[n-1])
	if err != nil {
		return nil, fmt.Errorf("read commit %s, a parent of %s: %w", c.ParentHashes[n-1], c.Hash, err)
	}
	return parent, nil
}

// unknown says that nothing has the name, and which names there are.
func (f *finder) unknown(name string) error {
	names := f.names()
	why := fmt.Sprintf("the repository has no branch, tag or commit %q", name)
	if near := schema.Nearest(name, slices.Values(names)); near != "" {
		why += fmt.Sprintf("; did you mean %q?", near)
	} else if len(names) > 0 {
		why += fmt.Sprintf("; it has %q", names[:min(len(names), listed)])
		if len(names) > listed {
			why += fmt.Sprintf(" and %d more", len(names)-listed)
		}
	}
	if ends, err := f.store.Shallow(); err == nil && len(ends) > 0 {
		why += ". The clone is shallow: \"git fetch --unshallow\" fetches the rest of the history, \"git fetch origin BRANCH\" another branch"
	}
	return &RevisionError{why}
}

// listed is how many names are told to whom gave one that is not there.
const listed = 5

// names are the short names of all branches and tags, local ones first.
func (f *finder) names() []string {
	refs, err := f.repo.References()
	if err != nil {
		return nil
	}
	var local, remote []string
	_ = refs.ForEach(func(r *plumbing.Reference) error {
		switch name := r.Name(); {
		case name.IsBranch(), name.IsTag():
			local = append(local, name.Short())
		case name.IsRemote() && !strings.HasSuffix(string(name), "/HEAD"):
			remote = append(remote, name.Short())
		}
		return nil
	})
	slices.Sort(local)
	slices.Sort(remote)
	return append(local, remote...)
}
