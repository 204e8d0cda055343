// Package gitrepo reads git repositories as they are, without the git program:
// objects straight from the object store, never a checkout, and nothing is ever
// written. It refuses what it cannot read rightly, repositories of SHA-256
// objects above all.
//
// Start at Describe, which says what a folder's files are in terms of git.
package gitrepo
