// Package providers carries plans out at targets and deals with all that lies
// outside this process: requests that fail, answers that get lost, limits,
// locks and files. What must change is not its business; package planner
// decides that, and Apply does exactly what the plan says.
//
// Start at Target, then Apply. The packages below hold one outside thing each.
package providers
