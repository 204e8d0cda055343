package wire

import (
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// Terms are the limits of a guard as JSON: a limit is "10%" or "40", as HCL
// writes it. Planner's Terms and these convert into each other.
type Terms struct {
	MaxDeactivations schema.Limit  `json:"max_deactivations"`
	MaxRemovals      schema.Limit  `json:"max_removals"`
	Floor            int           `json:"floor"`
	Window           time.Duration `json:"window"`
}
