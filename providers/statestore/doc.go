// Package statestore keeps the state of what rollcall owns, and lets one writer
// at a time change it. A store survives a crash at any moment: the state is
// replaced whole or not at all, and what an apply did since the last save
// stands in a journal beside it. It refuses to save over somebody else's state,
// and to read a state or a journal that was damaged.
//
// Start at File, the state in a local file.
package statestore
