// Package planner decides what must change at a target, and why. It is pure:
// the same Input gives the same Plan, byte for byte. It reads no file, opens no
// connection, knows no clock and starts no goroutine; it refuses to plan from
// an incomplete read.
//
// Start at Resolve, which turns a configuration and its directories into what
// must be, then Compute, which compares that with what is and with what we own.
package planner
