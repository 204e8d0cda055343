// Package auditlog is the format of the audit log: who applied what, and what
// became of it. The log is JSON lines that are only ever appended to. Each
// holds a record and the SHA-256 of it, each record the hash of the one before,
// so that a line that was altered, taken out or put in is noticed, by whoever
// reads the log and by whoever appends to it. A log whose last lines were cut
// off is one that ends early: what tells is the state, which knows the last record
// as of its save. A log may go on from one that is elsewhere; its first record
// says so and follows the last of that one.
//
// An apply is a record of kind begin, which is durable before its first request,
// one of kind change for each change, and one of kind end. What is done to the
// state alone is one note.
//
// Start at Record, then Head.Append to write and Reader to read.
package auditlog
