package load

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/rollcall-dev/rollcall/schema"
)

// memo is what evaluations over the same facts share.
type memo struct {
	// values are the parts of facts that were made, by path and reading.
	values map[string]cty.Value
	// spent is what all of them have cost.
	spent int
}

// memoOf returns the memo of f, and makes it at first.
func memoOf(f *schema.Facts) *memo {
	m, ok := f.Memo.(*memo)
	if !ok {
		m = &memo{values: map[string]cty.Value{}}
		f.Memo = m
	}
	return m
}

// selection is which parts of facts an expression names.
type selection struct {
	// whole: everything below.
	whole bool
	parts map[string]*selection
}

// take adds what a use names. It stops at the first step that is no text: what
// is below is then needed whole.
func (s *selection) take(steps hcl.Traversal) {
	if len(steps) == 0 {
		s.whole = true
		return
	}
	name := ""
	switch step := steps[0].(type) {
	case hcl.TraverseAttr:
		name = step.Name
	case hcl.TraverseIndex:
		var ok bool
		if name, ok = plainText(step.Key); !ok {
			s.whole = true
			return
		}
	default:
		s.whole = true
		return
	}
	if s.parts == nil {
		s.parts = map[string]*selection{}
	}
	if s.parts[name] == nil {
		s.parts[name] = &selection{}
	}
	s.parts[name].take(steps[1:])
}

// maker turns facts into values of cty, as far as one expression reads them.
type maker struct {
	memo    *memo
	reading *reading
	budget  *budget
}

// value makes the selected parts of v, which stands at path.
func (m *maker) value(v any, s *selection, path string) (cty.Value, error) {
	switch x := v.(type) {
	case *schema.Record:
		if !s.whole {
			return m.parts(s, path, func(name string) (any, bool) {
				return x.Get(name), slices.Contains(x.Names, name)
			})
		}
	case *schema.Table:
		if !s.whole {
			return m.parts(s, path, func(key string) (any, bool) {
				if _, ok := slices.BinarySearch(x.Keys, key); !ok {
					return nil, false
				}
				return x.Row(key), true
			})
		}
		return m.whole(path, len(x.Keys), func() cty.Value { return tableValue(x, m.reading) })
	case *schema.List:
		return m.whole(path, x.Len, func() cty.Value { return listValue(x, m.reading) })
	}
	return factValue(v), nil
}

// parts makes an object of the selected parts that there are. What there is
// not, hcl finds missing where it is named.
func (m *maker) parts(s *selection, path string, get func(string) (any, bool)) (cty.Value, error) {
	out := make(map[string]cty.Value, len(s.parts))
	for name, part := range s.parts {
		v, ok := get(name)
		if !ok {
			continue
		}
		made, err := m.value(v, part, path+"\x00"+name)
		if err != nil {
			return cty.NilVal, err
		}
		out[name] = made
	}
	return cty.ObjectVal(out), nil
}

// whole makes a collection of n rows once for all expressions that read as much.
func (m *maker) whole(path string, n int, build func() cty.Value) (cty.Value, error) {
	key := path + "\x00\x00" + m.reading.id
	if v, ok := m.memo.values[key]; ok {
		return v, nil
	}
	if err := m.budget.spend(n * (1 + len(m.reading.names)/4)); err != nil {
		return cty.NilVal, err
	}
	v := build()
	m.memo.values[key] = v
	return v, nil
}

// tableValue makes a map of all rows, or an object where they differ in type.
func tableValue(t *schema.Table, r *reading) cty.Value {
	s := &shape{}
	rows := make([]any, len(t.Keys))
	for i, key := range t.Keys {
		rows[i] = narrow(t.Row(key), r)
		s.take(rows[i])
	}
	typ, ok := s.typ()
	if len(rows) == 0 && ok {
		return cty.MapValEmpty(typ)
	}
	out := make(map[string]cty.Value, len(rows))
	for i, key := range t.Keys {
		out[key] = s.value(rows[i])
	}
	if !ok {
		return cty.ObjectVal(out)
	}
	return cty.MapVal(out)
}

// listValue makes a list of all rows, or a tuple where they differ in type.
func listValue(l *schema.List, r *reading) cty.Value {
	rows := make([]any, l.Len)
	for i := range rows {
		rows[i] = narrow(l.Row(i), r)
	}
	s := &shape{}
	s.take(rows)
	return s.value(rows)
}

// narrow makes what is read of a row.
func narrow(row any, r *reading) any {
	record, ok := row.(*schema.Record)
	if !ok {
		return row
	}
	out := make(map[string]any, min(len(record.Names), len(r.names)))
	for _, name := range record.Names {
		if r.reads(name) {
			out[name] = record.Get(name)
		}
	}
	return out
}
