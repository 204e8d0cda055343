package schema

// Severity ranks a finding.
type Severity string

// The severities. Guard findings block a plan (exit 3) without being mistakes
// of the configuration.
const (
	Error   Severity = "error"
	Guarded Severity = "guard"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// Code is the stable name of a kind of finding, in kebab-case.
type Code string

// Diagnostic is one finding about what a person wrote or about what follows
// from it. The summary names the class and holds no text of the user's; the
// detail says what, why and what to do, in full sentences.
type Diagnostic struct {
	Severity Severity
	Code     Code
	Summary  string
	Detail   string
	// Origin is the tightest place that the finding is about.
	Origin Origin
	// Secret: what stands there is one, and is shown to nobody.
	Secret bool
	// Suggestion is what would stand there instead, where a name is close.
	Suggestion string
	// Related names other places that matter: the first definition, an edge of a cycle.
	Related []Related
	// Values are those of the named parts of the condition that the finding is
	// about; empty where it is about none.
	Values []Stated
	// Object is the address or name of what the finding is about, App the app's
	// name; both may be empty. They order and filter findings and are no prose.
	App, Object string
}

// Related is another place that a finding refers to.
type Related struct {
	Origin  Origin
	Message string
}

// Diagnostics is a list of findings.
type Diagnostics []Diagnostic

// HasErrors reports whether any finding is an error.
func (ds Diagnostics) HasErrors() bool {
	for i := range ds {
		if ds[i].Severity == Error {
			return true
		}
	}
	return false
}
