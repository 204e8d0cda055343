package gitlab

import (
	"context"
	"fmt"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"github.com/rollcall-dev/rollcall/providers"
)

// Merged returns the number of the merge request whose merge made the commit: a
// merge, a squash, or the head of a branch that was merged without either.
func (f *Forge) Merged(ctx context.Context, commit string) (int, error) {
	all, _, err := f.client.Commits.ListMergeRequestsByCommit(f.project, commit, gitlab.WithContext(ctx))
	if err != nil {
		return 0, fmt.Errorf("look for the merge request of the commit: %w", providers.LibraryCause(err))
	}
	for _, merge := range all {
		if merge.State == "merged" && madeBy(merge, commit) {
			return int(merge.IID), nil
		}
	}
	return 0, fmt.Errorf("the commit %.10s was made by no merge request: somebody has pushed it", commit)
}

// madeBy reports whether the commit is what the branch got from a merge.
func madeBy(merge *gitlab.BasicMergeRequest, commit string) bool {
	switch {
	case merge.MergeCommitSHA != "":
		return merge.MergeCommitSHA == commit
	case merge.SquashCommitSHA != "":
		return merge.SquashCommitSHA == commit
	}
	return merge.SHA == commit
}
