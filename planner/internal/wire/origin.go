package wire

// Origin is schema.Origin as JSON. The two convert into each other. File and
// line are always there, the rest where it is known.
type Origin struct {
	File      string `json:"file"`
	Line      uint32 `json:"line"`
	Column    uint32 `json:"column,omitempty"`
	EndLine   uint32 `json:"end_line,omitempty"`
	EndColumn uint32 `json:"end_column,omitempty"`
}
