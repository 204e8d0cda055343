package gitrepo_test

import "os"

// pipe makes a folder, which is no regular file either: pipes have no place among
// files here.
func pipe(path string) error { return os.Mkdir(path, 0o700) }
