package render

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/rollcall-dev/rollcall/schema"
)

// validation is the document of `validate -json`, in the shape of Terraform's
// (format_version 1.0), with a code and a suggestion for each finding.
type validation struct {
	FormatVersion string           `json:"format_version"`
	Valid         bool             `json:"valid"`
	ErrorCount    int              `json:"error_count"`
	WarningCount  int              `json:"warning_count"`
	Diagnostics   []diagnosticJSON `json:"diagnostics"`
}

// diagnosticJSON is one finding, in the shape of Terraform's.
type diagnosticJSON struct {
	Severity   string        `json:"severity"`
	Code       string        `json:"code,omitempty"`
	Summary    string        `json:"summary"`
	Detail     string        `json:"detail"`
	Suggestion string        `json:"suggestion,omitempty"`
	App        string        `json:"app,omitempty"`
	Object     string        `json:"object,omitempty"`
	Range      *rangeJSON    `json:"range,omitempty"`
	Snippet    *snippetJSON  `json:"snippet,omitempty"`
	Related    []relatedJSON `json:"related,omitempty"`
	// Values stand here where there is no snippet.
	Values []valueJSON `json:"values,omitempty"`
}

// rangeJSON is a place; lines and columns count from one, bytes from zero.
type rangeJSON struct {
	FileName string  `json:"filename"`
	Start    posJSON `json:"start"`
	End      posJSON `json:"end"`
}

type posJSON struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

// snippetJSON is the source line; the offsets are bytes in code.
type snippetJSON struct {
	Context              *string     `json:"context"`
	Code                 string      `json:"code"`
	StartLine            int         `json:"start_line"`
	HighlightStartOffset int         `json:"highlight_start_offset"`
	HighlightEndOffset   int         `json:"highlight_end_offset"`
	Values               []valueJSON `json:"values"`
}

// valueJSON is the value of an expression in the snippet.
type valueJSON struct {
	Traversal string `json:"traversal"`
	Statement string `json:"statement"`
}

type relatedJSON struct {
	Message string     `json:"message"`
	Range   *rangeJSON `json:"range,omitempty"`
}

// DiagnosticsJSON writes the findings as one document in the shape of
// `terraform validate -json`, with `code` and `suggestion` added. The document
// is valid where no finding is an error or a guard.
func DiagnosticsJSON(w io.Writer, all schema.Diagnostics, src map[string][]byte) error {
	doc := validation{FormatVersion: "1.0", Diagnostics: []diagnosticJSON{}}
	for i := range all {
		switch all[i].Severity {
		case schema.Error, schema.Guarded:
			doc.ErrorCount++
		case schema.Warning:
			doc.WarningCount++
		}
		doc.Diagnostics = append(doc.Diagnostics, diagnosticOf(&all[i], src))
	}
	doc.Valid = doc.ErrorCount == 0
	return writeJSON(w, doc)
}

// writeJSON writes v indented, with hidden characters escaped.
func writeJSON(w io.Writer, v any) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(jsonLine(buf.Bytes()))
	return err
}

// diagnosticOf turns a finding into its JSON shape.
func diagnosticOf(d *schema.Diagnostic, src map[string][]byte) diagnosticJSON {
	out := diagnosticJSON{
		Severity: string(d.Severity), Code: string(d.Code),
		Summary: d.Summary, Detail: d.Detail, Suggestion: d.Suggestion,
		App: d.App, Object: d.Object,
	}
	if d.Origin.Known() {
		out.Range = rangeOf(d.Origin, src)
	}
	values := make([]valueJSON, 0, len(d.Values))
	for _, v := range d.Values {
		values = append(values, valueJSON{v.Expression, v.Statement})
	}
	if s, ok := readSnippet(d, src); ok {
		out.Snippet = &snippetJSON{
			Code: s.code, StartLine: int(d.Origin.Line),
			HighlightStartOffset: s.from, HighlightEndOffset: s.to,
			Values: values,
		}
		if s.context != "" {
			out.Snippet.Context = &s.context
		}
	} else {
		out.Values = values
	}
	for _, r := range d.Related {
		j := relatedJSON{Message: r.Message}
		if r.Origin.Known() {
			j.Range = rangeOf(r.Origin, src)
		}
		out.Related = append(out.Related, j)
	}
	return out
}

// rangeOf returns o with bytes, which only the source can tell; they are zero without.
func rangeOf(o schema.Origin, src map[string][]byte) *rangeJSON {
	r := rangeJSON{
		FileName: o.File,
		Start:    posJSON{Line: int(o.Line), Column: int(o.Column)},
		End:      posJSON{Line: int(o.EndLine), Column: int(o.EndColumn)},
	}
	if o.EndLine == 0 {
		r.End = r.Start
	}
	if content, ok := src[o.File]; ok {
		r.Start.Byte = byteAt(content, r.Start)
		r.End.Byte = byteAt(content, r.End)
	}
	return &r
}

// byteAt returns the offset of a position in content, or zero where it has no such line.
func byteAt(content []byte, at posJSON) int {
	line, start, ok := lineAt(content, uint32(at.Line))
	if !ok {
		return 0
	}
	return start + byteOf(line, uint32(at.Column))
}
