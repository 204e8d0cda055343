package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// tooDeep says that values are nested deeper than the limit.
type tooDeep struct{ at position }

func (e *tooDeep) Error() string { return "nested too deep" }

// readJSON adds each object of one JSON array.
func readJSON(t *text, b *builder, limits Limits) error {
	o, err := newObjects(t, b, limits)
	if err != nil {
		return err
	}
	open, err := o.token()
	if err != nil {
		return err
	}
	if open != json.Delim('[') {
		return malformedf(o.at(), "there must be one array, of one object a person")
	}
	if err := o.rows(); err != nil || o.full() {
		return err
	}
	if _, err := o.token(); err != nil { // the closing bracket
		return err
	}
	return o.end()
}

// readLines adds each of the objects that follow each other, as in JSON lines.
func readLines(t *text, b *builder, limits Limits) error {
	o, err := newObjects(t, b, limits)
	if err != nil {
		return err
	}
	if err := o.rows(); err != nil {
		return err
	}
	return o.end()
}

// objects reads rows from a stream of JSON, value by value, so that every one
// has its place and nothing is deeper than allowed.
type objects struct {
	*builder
	json  *json.Decoder
	text  *text
	limit int
	cells []cell
	// scratch holds the texts of one row.
	scratch []byte
	// skipped is the length of a byte order mark.
	skipped int64
}

func newObjects(t *text, b *builder, limits Limits) (*objects, error) {
	from, skipped, err := skipMark(t)
	if err != nil {
		return nil, err
	}
	o := &objects{builder: b, json: json.NewDecoder(from), text: t, limit: limits.Depth, skipped: skipped}
	o.json.UseNumber()
	return o, nil
}

// mark is the byte order mark that some programs put before UTF-8.
var mark = []byte("\uFEFF")

// skipMark steps over a byte order mark.
func skipMark(r io.Reader) (io.Reader, int64, error) {
	head := make([]byte, len(mark))
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, 0, err
	}
	if bytes.Equal(head, mark) {
		return r, int64(n), nil
	}
	return io.MultiReader(bytes.NewReader(head[:n]), r), 0, nil
}

// at is the place behind the token read last.
func (o *objects) at() position { return o.text.position(o.skipped + o.json.InputOffset()) }

// token returns the next token; an error of the syntax has its place.
func (o *objects) token() (json.Token, error) {
	t, err := o.json.Token()
	return t, o.place(err)
}

func (o *objects) place(err error) error {
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax):
		return malformedf(o.at(), "the JSON behind this place is not valid: %v", err)
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		return malformedf(o.at(), "the JSON ends before it is complete: the file is cut")
	}
	return err
}

// end makes sure that nothing is left.
func (o *objects) end() error {
	_, err := o.json.Token()
	switch {
	case err == io.EOF, o.full():
		return nil
	case err != nil:
		return o.place(err)
	}
	return malformedf(o.at(), "something follows the end of the rows")
}

func (o *objects) rows() error {
	for o.json.More() && !o.full() {
		if err := o.row(); err != nil {
			return err
		}
	}
	return nil
}

// row adds one object.
func (o *objects) row() error {
	open, err := o.token()
	if err != nil {
		return err
	}
	start := o.at()
	if open != json.Delim('{') {
		return malformedf(start, "every row must be an object, and this one is %s", describe(open))
	}
	o.cells, o.scratch = o.cells[:0], o.scratch[:0]
	for o.json.More() {
		if err := o.member(); err != nil {
			return err
		}
	}
	if _, err := o.token(); err != nil {
		return err
	}
	o.finishRow(start)
	return nil
}

// finishRow brings the cells into order and adds them.
func (o *objects) finishRow(start position) {
	slices.SortStableFunc(o.cells, func(a, b cell) int { return a.column.compare(b.column) })
	for i := 1; i < len(o.cells); i++ {
		if o.cells[i].column.compare(o.cells[i-1].column) == 0 {
			o.duplicateColumn(o.cells[i].at, o.cells[i].column)
			return
		}
	}
	if len(o.cells) == 0 || o.cells[0].column.rank != rankLogin {
		o.noLogin(start, o.cells)
		return
	}
	o.add(o.cells)
}

// member reads one key and its value.
func (o *objects) member() error {
	key, err := o.token()
	if err != nil {
		return err
	}
	c := cell{column: o.column(key.(string)), at: o.at()}
	c.at.column -= min(c.at.column-1, uint32(len([]rune(key.(string))))+2)
	v, err := o.value(1)
	if err != nil {
		return err
	}
	if v == nil && c.column.rank != rankLogin {
		return nil
	}
	o.fill(&c, v)
	o.cells = append(o.cells, c)
	return nil
}

// fill gives c its value. Numbers and truth values are texts, except in custom
// attributes.
func (o *objects) fill(c *cell, v any) {
	switch v := v.(type) {
	case string:
		c.text = o.hold(v)
	case json.Number:
		c.text = o.hold(v.String())
		if c.column.custom() {
			c.text, c.value = nil, number(v)
		}
	case bool:
		c.text = o.hold(fmt.Sprint(v))
		if c.column.custom() {
			c.text, c.value = nil, v
		}
	case []any:
		c.value, c.names = v, nil
		if c.column.rank == rankGroups {
			c.names = names(v)
		}
	default:
		c.value = v
	}
}

// hold keeps s until the row has been added.
func (o *objects) hold(s string) []byte {
	from := len(o.scratch)
	o.scratch = append(o.scratch, s...)
	return o.scratch[from:len(o.scratch):len(o.scratch)]
}

// number is a float64, or the digits where it does not fit one.
func number(n json.Number) any {
	f, err := n.Float64()
	if err != nil {
		return n.String()
	}
	return f
}

// names returns the texts in v; nil where one is none.
func names(v []any) []string {
	out := make([]string, 0, len(v))
	for _, e := range v {
		s, ok := e.(string)
		if !ok {
			return nil
		}
		out = append(out, s)
	}
	return out
}

// value reads one value that stands depth deep in its row.
func (o *objects) value(depth int) (any, error) {
	t, err := o.token()
	if err != nil {
		return nil, err
	}
	open, ok := t.(json.Delim)
	if !ok {
		return t, nil
	}
	if depth >= o.limit {
		return nil, &tooDeep{o.at()}
	}
	if open == '[' {
		return o.list(depth + 1)
	}
	return o.object(depth + 1)
}

func (o *objects) list(depth int) (any, error) {
	out := []any{}
	for o.json.More() {
		v, err := o.value(depth)
		if err != nil {
			return nil, err
		}
		out = append(out, plain(v))
	}
	_, err := o.token()
	return out, err
}

func (o *objects) object(depth int) (any, error) {
	out := map[string]any{}
	for o.json.More() {
		key, err := o.token()
		if err != nil {
			return nil, err
		}
		v, err := o.value(depth)
		if err != nil {
			return nil, err
		}
		out[key.(string)] = plain(v)
	}
	_, err := o.token()
	return out, err
}

// plain is v as custom attributes have it.
func plain(v any) any {
	if n, ok := v.(json.Number); ok {
		return number(n)
	}
	return v
}

// describe names the kind of a token.
func describe(t json.Token) string {
	switch t.(type) {
	case json.Delim:
		return "an array"
	case string:
		return "a text"
	case nil:
		return "null"
	case bool:
		return "a truth value"
	}
	return "a number"
}
