package gitrepo

import "fmt"

// Folder returns where dir is in the repository that holds it, with slashes; "."
// for its top, and outside of any repository.
func Folder(dir string) (string, error) {
	at, err := locateAny(dir)
	if err != nil {
		return "", fmt.Errorf("find the git repository of %s: %w", dir, err)
	}
	if at == nil {
		return ".", nil
	}
	return at.prefix, nil
}
