package file

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-dev/rollcall/schema"
)

// report gathers findings about one file.
type report struct {
	block *schema.DirectoryBlock
	file  string
	limit int
	found schema.Diagnostics
}

// full reports whether there are findings enough; whoever reads rows stops then.
func (r *report) full() bool { return len(r.found) >= r.limit }

func (r *report) add(d schema.Diagnostic) {
	d.Severity, d.Object = schema.Error, string(r.block.Address)
	if !r.full() || r.limit == 0 {
		r.found = append(r.found, d)
	}
}

// origin is a place in the file. One whose column is not known has the line alone.
func (r *report) origin(at position) schema.Origin {
	return schema.Origin{File: r.file, Line: at.line, Column: at.column, EndLine: at.line, EndColumn: at.column}
}

func (r *report) pathOrigin() schema.Origin {
	if r.block.PathOrigin.Known() {
		return r.block.PathOrigin
	}
	return r.block.Origin
}

// quote shows text of the file: in quotes, without control characters, and not
// more than a line of it.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		return strconv.Quote(strings.ToValidUTF8(s[:most], "")) + "…"
	}
	return strconv.Quote(s)
}

func (r *report) noFormat() {
	r.add(schema.Diagnostic{
		Code: "invalid-value", Summary: "Unknown format of a data file", Origin: r.pathOrigin(),
		Detail: fmt.Sprintf("The format %s of %s is none that a directory is read from. Give the argument format: csv, json, jsonl or yaml; "+
			"or let the path end in one of .csv, .json, .jsonl, .ndjson, .yaml, .yml.", quote(formatOf(r.block)), quote(r.block.Path)),
	})
}

func (r *report) leavesRoot() {
	r.add(schema.Diagnostic{
		Code: "link-leaves-root", Summary: "Path leaves the root", Origin: r.pathOrigin(),
		Detail: fmt.Sprintf("The path %s does not lie under the root of the configuration. Move the file there, and name it by its path from the root.", quote(r.block.Path)),
	})
}

// failed turns the error that ended the reading into a finding.
func (r *report) failed(f format, limits Limits, err error) {
	var bad *malformed
	var large *tooLarge
	var deep *tooDeep
	switch {
	case errors.As(err, &bad):
		r.add(schema.Diagnostic{
			Code: "malformed-data", Summary: "Data file cannot be read", Origin: r.origin(bad.at),
			Detail: fmt.Sprintf("In this %s file, %s. Nothing was read from it, so that nobody who stands behind this place looks removed.", f.name, bad.what),
		})
	case errors.As(err, &deep):
		r.add(schema.Diagnostic{
			Code: "too-complex", Summary: "Data file is nested too deep", Origin: r.origin(deep.at),
			Detail: fmt.Sprintf("Values are nested more than %d deep here. Flatten them.", limits.Depth),
		})
	case errors.As(err, &large):
		r.add(schema.Diagnostic{
			Code: "too-large", Summary: "Data file is too large", Origin: r.pathOrigin(),
			Detail: fmt.Sprintf("The file %s has more than %d bytes, the limit for %s. Split it into several directories, or write it as CSV or JSON lines.", quote(r.file), large.limit, f.name),
		})
	default:
		r.unreadable(err)
	}
}

func (r *report) unreadable(err error) {
	todo := "Nothing was read from it, so that nobody looks removed. Check that it is there and may be read, and run again."
	if errors.Is(err, fs.ErrNotExist) {
		todo = "Paths are relative to the root of the configuration. Check the spelling, or export the file first."
	}
	r.add(schema.Diagnostic{
		Code: "unreadable-file", Summary: "Data file cannot be read", Origin: r.pathOrigin(),
		Detail: fmt.Sprintf("The file %s cannot be read: %v. %s", quote(r.file), err, todo),
	})
}

// missingColumn says that want is not among the names of columns at at.
func (r *report) missingColumn(at position, want string, have []string) {
	d := schema.Diagnostic{
		Code: "missing-column", Summary: "Column is missing", Origin: r.origin(at),
		Detail: fmt.Sprintf("There is no column %s. The columns are %s.", quote(want), list(have)),
	}
	if len(have) == 1 && strings.ContainsAny(have[0], ";\t|") {
		d.Detail += " Columns are separated by commas: export the file with commas."
	} else if near := nearest(want, have); near != "" {
		d.Suggestion = near
		d.Detail += fmt.Sprintf(" Did you mean %s? Then rename it in the file, or say columns = { %s = %s } in the directory block.", quote(near), strconv.Quote(near), strconv.Quote(want))
	} else {
		d.Detail += " Every person needs a login: add the column, or say with columns which one it is."
	}
	r.add(d)
}

func list(names []string) string {
	const most = 12
	quoted := make([]string, 0, most)
	for _, n := range names[:min(most, len(names))] {
		quoted = append(quoted, quote(n))
	}
	if len(names) > most {
		quoted = append(quoted, fmt.Sprintf("and %d more", len(names)-most))
	}
	return strings.Join(quoted, ", ")
}

// loginAlso are what others call a login.
var loginAlso = []string{"username", "user_name", "userprincipalname", "upn", "email", "e-mail", "mail", "email_address"}

// nearest returns the name that want was most likely meant by, or "".
func nearest(want string, names []string) string {
	near := schema.Nearest(want, slices.Values(names))
	if near != "" || want != "login" {
		return near
	}
	for _, also := range loginAlso {
		for _, n := range names {
			if strings.EqualFold(n, also) {
				return n
			}
		}
	}
	return ""
}

func (r *report) emptyLogin(at position) {
	r.add(schema.Diagnostic{
		Code: "missing-argument", Summary: "Login is missing", Origin: r.origin(at),
		Detail: "Every row is a person, and every person needs a login. Give one, or remove the row.",
	})
}

// noLogin says that an object has no login, with the key that may be meant.
func (r *report) noLogin(at position, cells []cell) {
	have := make([]string, len(cells))
	for i := range cells {
		have[i] = cells[i].column.header
	}
	if len(have) == 0 || nearest("login", have) == "" {
		r.emptyLogin(at)
		return
	}
	r.missingColumn(at, "login", have)
}

func (r *report) unknownStatus(c *cell, name string) {
	d := schema.Diagnostic{
		Code: "invalid-value", Summary: "Unknown status", Origin: r.origin(c.position()),
		Detail: fmt.Sprintf("The status %s is none of %s.", quote(name), strings.Join(schema.StatusNames(), ", ")),
	}
	if near := schema.Nearest(name, slices.Values(schema.StatusNames())); near != "" {
		d.Suggestion = near
		d.Detail += fmt.Sprintf(" Did you mean %s?", near)
	}
	r.add(d)
}

func (r *report) notText(c *cell) {
	r.add(schema.Diagnostic{
		Code: "wrong-type", Summary: "Value is not a text", Origin: r.origin(c.position()),
		Detail: fmt.Sprintf("The attribute %s takes a text; lists and objects are only read into custom attributes.", quote(c.column.name)),
	})
}

func (r *report) notNames(c *cell) {
	r.add(schema.Diagnostic{
		Code: "wrong-type", Summary: "Value is no list of names", Origin: r.origin(c.position()),
		Detail: "The groups of a person are a list of texts, or one text with the names separated by semicolons.",
	})
}

func (r *report) duplicateLogin(u, first *schema.User) {
	r.add(schema.Diagnostic{
		Code: "duplicate-login", Summary: "Two people have the same login", Origin: u.Origin,
		Detail:  fmt.Sprintf("The login %s is taken by line %d already; logins are compared without case. Remove one of the two rows, or correct its login.", quote(u.Login), first.Origin.Line),
		Related: []schema.Related{{Origin: first.Origin, Message: "The other person is here."}},
	})
}

// duplicateColumn says that two columns fill one attribute.
func (r *report) duplicateColumn(at position, c *column) {
	r.add(schema.Diagnostic{
		Code: "malformed-data", Summary: "Column is there twice", Origin: r.origin(at),
		Detail: fmt.Sprintf("A second column fills the attribute %s. Remove one of the two, or give it another name with columns.", quote(c.name)),
	})
}

func (r *report) namelessColumn(at position) {
	r.add(schema.Diagnostic{
		Code: "malformed-data", Summary: "Column has no name", Origin: r.origin(at),
		Detail: "The header names every column, and here a name is empty. Name the column, or remove it.",
	})
}

func (r *report) ragged(at position, fields, columns int) {
	r.add(schema.Diagnostic{
		Code: "malformed-data", Summary: "Row does not fit the header", Origin: r.origin(at),
		Detail: fmt.Sprintf("This row has %d fields and the header has %d. A value with a comma in it must be quoted; a missing value still needs its comma.", fields, columns),
	})
}

// unusedColumns finds renamed columns that the file does not have.
func (r *report) unusedColumns(have map[string]*column) {
	for _, header := range slices.Sorted(maps.Keys(r.block.Columns)) {
		if have[header] != nil || r.full() {
			continue
		}
		d := schema.Diagnostic{
			Code: "missing-column", Summary: "Column is missing", Origin: r.block.Origin,
			Detail: fmt.Sprintf("The argument columns renames %s, and %s has no such column.", quote(header), quote(r.file)),
		}
		if near := nearest(header, slices.Sorted(maps.Keys(have))); near != "" {
			d.Suggestion = near
			d.Detail += fmt.Sprintf(" Did you mean %s?", quote(near))
		}
		r.add(d)
	}
}
