// Package render turns plans, findings, events and results into bytes for
// people and for other programs: terminal text, Markdown, CSV and JSON lines.
// It is given values and a [Style] and writes to an io.Writer; it reads no
// flag, no environment and no clock, and decides nothing about the plan.
//
// Names from outside are data. Every one goes through the escaper of the place
// where it ends up (see escape.go), so that it can neither move the cursor nor
// break a table nor hide what follows.
//
// Start at [Plan] and [Diagnostics].
package render
