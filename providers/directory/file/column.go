package file

import (
	"cmp"
	"strings"

	"github.com/rollcall-dev/rollcall/schema"
)

// The ranks of columns: the order in which a row's cells are taken. A base
// attribute's is firstAttribute with its place in the profile.
const (
	rankLogin = iota
	rankID
	rankStatus
	rankGroups
	firstAttribute
	rankCustom = 1 << 16
)

var arguments = map[string]int{"login": rankLogin, "id": rankID, "status": rankStatus, "groups": rankGroups}

// column is one column of a file, or one key of its objects.
type column struct {
	// header is its name in the file, name that of the attribute it fills.
	header, name string
	rank         int
	values       interner
}

func newColumn(header, name string) *column {
	c := &column{header: header, name: name, rank: rankCustom}
	if rank, ok := arguments[name]; ok {
		c.rank = rank
	} else if i := schema.AttributeIndex(name); i >= 0 {
		c.rank = firstAttribute + i
	}
	return c
}

func (c *column) custom() bool { return c.rank == rankCustom }

// compare orders columns: arguments, base attributes, custom ones by name.
func (c *column) compare(d *column) int {
	return cmp.Or(cmp.Compare(c.rank, d.rank), strings.Compare(c.name, d.name))
}

// interner keeps one copy of values that repeat, such as departments. It gives
// up on a column whose values do not.
type interner struct {
	known        map[string]string
	hits, misses int
	givenUp      bool
}

// lookFor is how many values a column has to prove itself.
const lookFor = 1024

// find returns the one copy of v, or false where v is better kept with its row.
func (in *interner) find(v []byte) (string, bool) {
	if in.givenUp {
		return "", false
	}
	if s, ok := in.known[string(v)]; ok {
		in.hits++
		return s, true
	}
	in.misses++
	if in.misses > lookFor && in.hits < in.misses {
		in.givenUp, in.known = true, nil
		return "", false
	}
	if in.known == nil {
		in.known = map[string]string{}
	}
	s := string(v)
	in.known[s] = s
	return s, true
}
