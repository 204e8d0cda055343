package planfile

import (
	"encoding/json"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/internal/wire"
)

// AppendChange adds c to b in the form that it has in a plan file, on one line.
// Journals keep changes in this form.
func AppendChange(b []byte, c *planner.Change) ([]byte, error) {
	return wire.Append(b, toChange(c))
}

// ParseChange reads what [AppendChange] wrote.
func ParseChange(b []byte) (planner.Change, error) {
	var c change
	if err := json.Unmarshal(b, &c); err != nil {
		return planner.Change{}, err
	}
	return fromChange(&c)
}
