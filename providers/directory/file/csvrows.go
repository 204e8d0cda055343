package file

import (
	"io"
	"slices"
)

// readCSV adds each record after the header.
func readCSV(t *text, b *builder, _ Limits) error {
	t.uncounted = true
	from, _, err := skipMark(t)
	if err != nil {
		return err
	}
	in := newRecords(from)
	header, err := in.next()
	if err == io.EOF {
		return malformedf(position{1, 1}, "there is no header line; the first line names the columns")
	}
	if err != nil {
		return err
	}
	table := newTable(b, header)
	if len(b.found) > 0 {
		return nil
	}
	for !b.full() {
		fields, err := in.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		table.add(b, fields)
	}
	return nil
}

// table is what the header says: the columns, in the order in which a row's
// cells are taken, and where each stands in a record.
type table struct {
	columns []*column
	places  []int
	cells   []cell
	// width is how many fields each record has.
	width int
}

func newTable(b *builder, header []field) *table {
	t := &table{width: len(header)}
	names := make([]string, len(header))
	for i := range header {
		names[i] = string(clean(header[i].text))
		t.addColumn(b, names[i], i, header[i].position())
	}
	slices.SortFunc(t.places, func(i, j int) int { return t.columns[i].compare(t.columns[j]) })
	if login := t.columns[t.places[0]]; login.rank != rankLogin {
		b.missingColumn(header[0].position(), "login", names)
	}
	return t
}

func (t *table) addColumn(b *builder, name string, place int, at position) {
	if name == "" {
		b.namelessColumn(at)
	}
	c := b.column(name)
	for _, other := range t.columns {
		if other.compare(c) == 0 {
			b.duplicateColumn(at, c)
			break
		}
	}
	t.columns = append(t.columns, c)
	t.places = append(t.places, place)
}

// add makes a person of a record.
func (t *table) add(b *builder, fields []field) {
	if len(fields) != t.width {
		b.ragged(fields[0].position(), len(fields), t.width)
		return
	}
	t.cells = t.cells[:0]
	for _, place := range t.places {
		f, c := &fields[place], t.columns[place]
		if len(f.text) > 0 || c.custom() || c.rank == rankLogin {
			t.cells = append(t.cells, cell{column: c, text: f.text, field: f})
		}
	}
	b.add(t.cells)
}
