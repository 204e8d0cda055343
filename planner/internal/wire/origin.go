package wire

import "strconv"

// Origin is schema.Origin as JSON. The two convert into each other. File and
// line are always there, the rest where it is known.
type Origin struct {
	File      string `json:"file"`
	Line      uint32 `json:"line"`
	Column    uint32 `json:"column,omitempty"`
	EndLine   uint32 `json:"end_line,omitempty"`
	EndColumn uint32 `json:"end_column,omitempty"`
}

// AppendMembers adds the members of o to an object that has some already, as
// encoding/json does for an Origin that is embedded last.
func (o Origin) AppendMembers(b []byte) []byte {
	b = AppendString(append(b, `,"file":`...), o.File)
	b = strconv.AppendUint(append(b, `,"line":`...), uint64(o.Line), 10)
	b = appendKnown(b, `,"column":`, o.Column)
	b = appendKnown(b, `,"end_line":`, o.EndLine)
	return appendKnown(b, `,"end_column":`, o.EndColumn)
}

func appendKnown(b []byte, key string, n uint32) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendUint(append(b, key...), uint64(n), 10)
}
