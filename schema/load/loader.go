package load

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"golang.org/x/sync/errgroup"

	"github.com/rollcall-dev/rollcall/schema"
)

// loader carries one Load from files to a Config. Values are computed when
// something needs them, so the order of blocks does not matter; path holds what
// is being computed, to find circles.
type loader struct {
	fsys    fs.FS
	opts    Options
	config  *schema.Config
	sources Sources
	diags   schema.Diagnostics
	unknown int
	// incomplete tells that a file could not be parsed: what it declares is not known.
	incomplete bool

	items     map[string][]*item
	declared  map[schema.Address]*declaration
	variables map[string]*variable
	locals    map[string]*local
	ready     map[hclsyntax.Expression]*prepared
	path      []edge
	// origins are the places of what can be referred to, but for plain people and groups.
	origins map[schema.Address]schema.Origin
	// plainUsers and plainGroups index what was decoded off the syntax tree.
	plainUsers, plainGroups map[schema.Address]int
	// reordered tells that sorting has moved what they index.
	reordered bool
	// shape is the common type of custom attributes, once everyone is decoded.
	shape customShape
	// all holds the values of `user` and `group` as a whole.
	all map[string]cty.Value
	// given are the people who are new in the test that is being read.
	given map[schema.Address]cty.Value
	// spent is what all evaluations have cost together; exhausted tells that it is too much.
	spent     int
	exhausted bool
	// credentials are those that are written in the configuration.
	credentials []string
	// readByFunction are the files that file() has read.
	readByFunction map[string][]byte
}

func (l *loader) add(ds ...schema.Diagnostic) { l.diags = append(l.diags, ds...) }

// sorted returns the findings in the order of their places, each once: a value
// that two blocks need is computed, and complained about, for both.
func (l *loader) sorted() schema.Diagnostics {
	sortDiagnostics(l.diags)
	return slices.CompactFunc(l.diags, func(a, b schema.Diagnostic) bool { return reflect.DeepEqual(a, b) })
}

func (l *loader) run() {
	l.items, l.declared = map[string][]*item{}, map[schema.Address]*declaration{}
	l.variables, l.locals = map[string]*variable{}, map[string]*local{}
	l.ready, l.all, l.readByFunction = map[hclsyntax.Expression]*prepared{}, map[string]cty.Value{}, map[string][]byte{}
	l.origins = map[schema.Address]schema.Origin{}
	t := l.read()
	l.declare(l.parse(t.config))
	l.declareVariables(t.variables)
	l.declareLocals()
	l.evaluateVariables()
	l.decode()
	l.sort()
	l.remember()
	l.digest()
}

// parse reads all files, several at a time, and takes the results in the order
// of the files. It returns the blocks that are still to be decoded.
func (l *loader) parse(files []source) []*hclsyntax.Block {
	results := make([]parsed, len(files))
	var group errgroup.Group
	group.SetLimit(min(runtime.GOMAXPROCS(0), 4))
	for i, src := range files {
		group.Go(func() error {
			p := parser{limits: l.opts.Limits}
			results[i] = l.opts.Cache.read(&p, src.name, src.content)
			return nil
		})
	}
	_ = group.Wait()                   // no function returns an error
	l.incomplete = l.diags.HasErrors() // a file could not be read
	var blocks []*hclsyntax.Block
	for i := range results {
		blocks = append(blocks, results[i].blocks...)
		l.add(results[i].diags...)
		l.incomplete = l.incomplete || slices.ContainsFunc(results[i].diags, hidesBlocks)
	}
	l.takePlain(results)
	return blocks
}

// hidesBlocks reports whether a finding means that blocks of its file are not known.
func hidesBlocks(d schema.Diagnostic) bool {
	return d.Code == codeSyntax || d.Code == codeTooComplex || d.Code == codeTooLarge
}

// takePlain takes what was decoded without evaluation. Of two people or groups
// of one address, the first is kept.
func (l *loader) takePlain(results []parsed) {
	users, groups := 0, 0
	for i := range results {
		users += len(results[i].users)
		groups += len(results[i].groups)
	}
	l.plainUsers, l.plainGroups = make(map[schema.Address]int, users), make(map[schema.Address]int, groups)
	l.config.Users, l.config.Groups = make([]schema.User, 0, users), make([]schema.Group, 0, groups)
	for i := range results {
		for _, u := range results[i].users {
			if first, ok := l.place(u.Address); ok {
				l.addDuplicate(string(u.Address), first, u.Origin)
				continue
			}
			l.plainUsers[u.Address] = len(l.config.Users)
			l.config.Users = append(l.config.Users, u)
		}
		for _, g := range results[i].groups {
			if first, ok := l.place(g.Address); ok {
				l.addDuplicate(string(g.Address), first, g.Origin)
				continue
			}
			l.plainGroups[g.Address] = len(l.config.Groups)
			l.config.Groups = append(l.config.Groups, g)
		}
		results[i] = parsed{}
	}
}

// checkPlain makes sure that what written-out groups refer to exists.
func (l *loader) checkPlain() {
	for i := range len(l.plainGroups) {
		g := &l.config.Groups[i]
		g.Members = existing(g.Members, func(u schema.UserRef) bool {
			return l.checkRef(ref{typ: "user", address: u.Address, directory: u.Directory, name: u.Login}, u.Origin)
		})
		g.IncludeGroups = existing(g.IncludeGroups, func(o schema.GroupRef) bool {
			return l.checkRef(ref{typ: "group", address: o.Address, directory: o.Directory, name: o.Name}, o.Origin)
		})
	}
}

// existing returns the elements that exist. The list itself stays as it is: a
// cache may hold it for other configurations.
func existing[T any](list []T, exists func(T) bool) []T {
	for i := range list {
		if exists(list[i]) {
			continue
		}
		out := slices.Clone(list[:i])
		for _, e := range list[i+1:] {
			if exists(e) {
				out = append(out, e)
			}
		}
		return out
	}
	return list
}

// decode turns every block into its noun.
func (l *loader) decode() {
	l.decodeUsers()
	l.evaluateLocals()
	c := l.config
	for _, it := range l.items["rollcall"] {
		c.Settings = it.rollcall()
	}
	for _, it := range l.items["directory"] {
		c.Directories = append(c.Directories, it.directory())
	}
	decodeAll(l, "target", &c.Targets, (*item).target)
	instances := l.instances("group")
	l.checkPlain()
	for _, it := range instances {
		c.Groups = append(c.Groups, it.group())
	}
	decodeAll(l, "app", &c.Apps, (*item).app)
	decodeAll(l, "assignment", &c.Assignments, (*item).assignment)
	decodeAll(l, "push_group", &c.PushGroups, (*item).pushGroup)
	decodeAll(l, "push_rule", &c.PushRules, (*item).pushRule)
	decodeAll(l, "waiver", &c.Waivers, (*item).waiver)
	for _, it := range l.items["policy"] {
		c.Policies = append(c.Policies, it.policy())
	}
	for _, it := range l.items["moved"] {
		c.Moved = append(c.Moved, it.moved())
	}
	for _, it := range l.items["adopt"] {
		c.Adopts = append(c.Adopts, it.adopt())
	}
	for _, it := range l.items["removed"] {
		c.Removed = append(c.Removed, it.removed())
	}
}

// decodeAll decodes all instances of all blocks of one type. All of them are
// expanded first, so that any may refer to any.
func decodeAll[T any](l *loader, typ string, out *[]T, decode func(*item) T) {
	for _, it := range l.instances(typ) {
		*out = append(*out, decode(it))
	}
}

// sort puts everything in the order of addresses; blocks without one are
// ordered by what they say.
func (l *loader) sort() {
	c := l.config
	sortBy(c.Directories, func(b schema.DirectoryBlock) string { return string(b.Address) })
	sortBy(c.Users, func(b schema.User) string { return string(b.Address) })
	sortBy(c.Groups, func(b schema.Group) string { return string(b.Address) })
	sortBy(c.Targets, func(b schema.Target) string { return string(b.Address) })
	sortBy(c.Apps, func(b schema.App) string { return string(b.Address) })
	sortBy(c.Assignments, func(b schema.Assignment) string { return string(b.Address) })
	sortBy(c.PushGroups, func(b schema.PushGroup) string { return string(b.Address) })
	sortBy(c.PushRules, func(b schema.PushRule) string { return string(b.Address) })
	sortBy(c.Waivers, func(b schema.Waiver) string { return string(b.Address) })
	sortBy(c.Policies, func(b schema.Policy) string { return string(b.Address) })
	sortBy(c.Moved, func(b schema.Moved) string { return string(b.From) + " " + string(b.To) })
	sortBy(c.Adopts, func(b schema.Adopt) string { return string(b.To) + " " + string(b.App) + " " + b.ID })
	sortBy(c.Removed, func(b schema.Removed) string { return string(b.From) + " " + b.OnRemove })
	l.reordered = true
}

// reindex finds again what was decoded off the syntax tree. Only who evaluates
// expressions over a configuration that was read needs that.
func (l *loader) reindex() {
	if !l.reordered {
		return
	}
	l.reordered = false
	for i := range l.config.Users {
		if address := l.config.Users[i].Address; indexed(l.plainUsers, address) {
			l.plainUsers[address] = i
		}
	}
	for i := range l.config.Groups {
		if address := l.config.Groups[i].Address; indexed(l.plainGroups, address) {
			l.plainGroups[address] = i
		}
	}
}

func indexed(index map[schema.Address]int, address schema.Address) bool {
	_, ok := index[address]
	return ok
}

// sortBy sorts s by a key; of one key, they stay in their order.
func sortBy[T any](s []T, key func(T) string) {
	order := schema.Order(len(s), func(i int) string { return key(s[i]) })
	// Each goes to its place at once, round by round: people and groups are large.
	for i, from := range order {
		if from == i {
			continue
		}
		first, at := s[i], i
		for from != i {
			s[at], order[at] = s[from], at
			at, from = from, order[from]
		}
		s[at], order[at] = first, at
	}
}

// digest names the content: every file, and every value from outside.
func (l *loader) digest() {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(l.readByFunction)) {
		if _, ok := l.sources[name]; !ok {
			l.config.Files = append(l.config.Files, schema.File{Name: name, BlobID: blobID(l.readByFunction[name])})
		}
	}
	sortBy(l.config.Files, func(f schema.File) string { return f.Name })
	for _, f := range l.config.Files {
		fmt.Fprintf(h, "file %q %s\n", f.Name, f.BlobID)
	}
	for _, name := range slices.Sorted(maps.Keys(l.variables)) {
		v := l.variables[name]
		fmt.Fprintf(h, "variable %q ", name)
		if v.ok && !v.sensitive {
			io.WriteString(h, v.value.GoString()) //nolint:errcheck // a hash does not fail
		}
		io.WriteString(h, "\n") //nolint:errcheck // a hash does not fail
	}
	l.config.Digest = "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// compareOrigins orders places.
func compareOrigins(a, b schema.Origin) int {
	return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}
