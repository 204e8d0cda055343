package file

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/schema"
)

// cell is one value of a row.
type cell struct {
	column *column
	// at is its place. Where it is a field of CSV, that is worked out when it
	// is asked for.
	at    position
	field *field
	// text is a text's value. It is only valid until the row has been added.
	text []byte
	// value is that of a cell that is no text; names is a list of groups.
	value any
	names []string
}

func (c *cell) position() position {
	if c.field != nil {
		return c.field.position()
	}
	return c.at
}

// builder makes a directory of rows.
type builder struct {
	*report
	dir     *schema.Directory
	columns map[string]*column
	logins  map[string]uint32
	groups  map[string]uint32
	// size and text tell how far the reading is, to guess how much is to come.
	size int64
	text *text

	// attributes is cut up among the people, from its front.
	attributes []schema.Attribute
	// kept and cuts are the texts of one row that share one allocation.
	kept []byte
	cuts []cut
}

// cut is where a text that is kept with its row goes, and where it lies.
type cut struct {
	into     *string
	from, to int
}

func newBuilder(r *report, size int64, t *text) *builder {
	return &builder{
		report: r, size: size, text: t,
		dir:     &schema.Directory{Address: r.block.Address},
		columns: map[string]*column{}, logins: map[string]uint32{}, groups: map[string]uint32{},
	}
}

// column returns the column that the file calls header.
func (b *builder) column(header string) *column {
	if c, ok := b.columns[header]; ok {
		return c
	}
	name := header
	if renamed, ok := b.block.Columns[header]; ok {
		name = renamed
	}
	c := newColumn(header, name)
	b.columns[header] = c
	return c
}

// add makes a person of a row. Its cells are in the order of their columns, no
// column is there twice, and the first is the login.
func (b *builder) add(cells []cell) {
	b.reserve()
	at := cells[0].position()
	if len(clean(cells[0].text)) == 0 {
		b.emptyLogin(at)
		return
	}
	b.dir.People = append(b.dir.People, schema.User{Directory: b.block.Address, Origin: b.origin(at)})
	index := uint32(len(b.dir.People) - 1)
	u := &b.dir.People[index]
	b.kept, b.cuts = b.kept[:0], b.cuts[:0]
	b.takeProfile(u, cells)
	for i := range cells {
		b.take(u, index, &cells[i])
	}
	b.keep()
	b.unique(u, index)
}

// reserve makes room for all people at once, as soon as it can be guessed how
// many there will be. What is read ahead must not matter to the guess.
func (b *builder) reserve() {
	const sample = 20_000
	if len(b.dir.People) != sample {
		return
	}
	left := float64(b.size-b.text.size) / float64(b.text.size)
	guess := sample + max(0, min(int(1.1*left*sample), int(b.size/8)))
	b.dir.People = slices.Grow(b.dir.People, guess-sample)
	logins := make(map[string]uint32, guess)
	maps.Copy(logins, b.logins)
	b.logins = logins
}

// takeProfile gives u room for its attributes: a piece of a slab that many share.
func (b *builder) takeProfile(u *schema.User, cells []cell) {
	n := 0
	for i := range cells {
		if rank := cells[i].column.rank; rank >= firstAttribute && rank < rankCustom {
			n++
		}
	}
	if n > len(b.attributes) {
		b.attributes = make([]schema.Attribute, max(n, 4096))
	}
	u.Profile = b.attributes[:0:n]
	b.attributes = b.attributes[n:]
}

// take puts one cell into u.
func (b *builder) take(u *schema.User, index uint32, c *cell) {
	switch rank := c.column.rank; {
	case rank == rankGroups:
		b.join(index, c)
	case rank == rankCustom:
		u.Custom = append(u.Custom, schema.CustomAttribute{Name: c.column.name, Value: b.customValue(c)})
	case c.text == nil:
		b.notText(c)
	case rank == rankLogin:
		b.cut(&u.Login, clean(c.text))
	case rank == rankID:
		b.cut(&u.ID, clean(c.text))
	case rank == rankStatus:
		b.status(u, c)
	default:
		u.Profile = append(u.Profile, schema.Attribute{Name: c.column.name})
		b.repeating(&u.Profile[len(u.Profile)-1].Value, c)
	}
}

func (b *builder) customValue(c *cell) any {
	if c.text == nil {
		return c.value
	}
	if s, ok := c.column.values.find(c.text); ok {
		return s
	}
	return string(c.text)
}

// repeating puts a text that may repeat from row to row into into.
func (b *builder) repeating(into *string, c *cell) {
	if s, ok := c.column.values.find(c.text); ok {
		*into = s
		return
	}
	b.cut(into, c.text)
}

// cut keeps v with the row, for into. A text that the row has already, as a
// login that is the address too, is kept once.
func (b *builder) cut(into *string, v []byte) {
	from := len(b.kept)
	if len(b.cuts) > 0 {
		if first := b.cuts[0]; bytes.Equal(b.kept[first.from:first.to], v) {
			b.cuts = append(b.cuts, cut{into, first.from, first.to})
			return
		}
	}
	b.kept = append(b.kept, v...)
	b.cuts = append(b.cuts, cut{into, from, len(b.kept)})
}

// keep makes the row's one allocation and hands its pieces out.
func (b *builder) keep() {
	s := string(b.kept)
	for _, c := range b.cuts {
		*c.into = s[c.from:c.to]
	}
}

func (b *builder) status(u *schema.User, c *cell) {
	name := string(clean(c.text))
	if name == "" {
		return
	}
	status, ok := schema.ParseStatus(name)
	if !ok {
		b.unknownStatus(c, name)
		return
	}
	u.Status = status
}

// join puts the person into the groups that c names.
func (b *builder) join(person uint32, c *cell) {
	for _, name := range c.names {
		b.member(person, []byte(name), c)
	}
	if c.text == nil && c.names == nil {
		b.notNames(c)
	}
	for rest := c.text; len(rest) > 0; {
		var name []byte
		name, rest, _ = bytes.Cut(rest, []byte{';'})
		b.member(person, name, c)
	}
}

func (b *builder) member(person uint32, name []byte, c *cell) {
	name = clean(name)
	if len(name) == 0 {
		return
	}
	i, ok := b.groups[string(name)]
	if !ok {
		i = uint32(len(b.dir.Groups))
		g := schema.DirectoryGroup{Name: string(name), Origin: b.origin(c.position())}
		b.groups[g.Name] = i
		b.dir.Groups = append(b.dir.Groups, g)
	}
	members := &b.dir.Groups[i].Members
	if n := len(*members); n > 0 && (*members)[n-1] == person {
		return
	}
	*members = append(*members, person)
}

// unique notes the login of u, and a finding if another person has it.
func (b *builder) unique(u *schema.User, index uint32) {
	folded := schema.Fold(u.Login)
	if first, taken := b.logins[folded]; taken {
		b.duplicateLogin(u, &b.dir.People[first])
		return
	}
	b.logins[folded] = index
}

// finish returns the directory.
func (b *builder) finish(digest string) *schema.Directory {
	b.unusedColumns(b.columns)
	slices.SortFunc(b.dir.Groups, func(a, c schema.DirectoryGroup) int { return strings.Compare(a.Name, c.Name) })
	b.dir.Digest = digest
	return b.dir
}

// clean takes the space around v off.
func clean(v []byte) []byte { return bytes.TrimSpace(v) }
