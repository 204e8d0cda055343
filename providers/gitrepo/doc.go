// Package gitrepo reads git repositories as they are, without the git program:
// objects straight from the object store, never a checkout, and nothing is ever
// written. It refuses what it cannot read rightly, repositories of SHA-256
// objects above all.
//
// Start at Open, which gives a folder's files as they are at a revision, and at
// Describe, which says what the files of a worktree are in terms of git.
package gitrepo
