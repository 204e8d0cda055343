// Package wire holds the JSON forms that the plan file and the state file
// share: attributes as an object, places, and the checksum that tells a file
// as it was written from one that was altered or cut. It knows nothing of the
// two formats themselves; those are planfile and statefile.
package wire
