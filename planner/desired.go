package planner

import (
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// Desired is what must be, as it follows from a configuration and its
// directories at one moment, with the reasons for it.
type Desired struct {
	Config *schema.Config
	AsOf   time.Time
	// People are everyone in the configuration and its directories, sorted by
	// folded login. A Person is an index into it.
	People []schema.User
}

// Person is an index into [Desired.People].
type Person = uint32
