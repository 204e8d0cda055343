// Package run carries one run out from end to end: configuration, directories,
// state and targets in; a plan, or an applied plan, out. It is the only package
// that knows all four layers, and it decides nothing: what must change is the
// planner's business, how it is sent the providers'. A run that only reads is
// given readers whose connection refuses every method but GET.
//
// Start at Open, then Project.Plan and Project.Apply.
package run
