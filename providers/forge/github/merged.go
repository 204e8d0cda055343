package github

import (
	"context"
	"fmt"

	"github.com/google/go-github/v89/github"

	"github.com/rollcall-dev/rollcall/providers"
)

// Merged returns the number of the pull request whose merge made the commit: a
// merge, a squash, or the last of a rebase.
func (f *Forge) Merged(ctx context.Context, commit string) (int, error) {
	opts := &github.ListOptions{PerPage: perPage}
	for {
		page, res, err := f.client.PullRequests.ListPullRequestsWithCommit(ctx, f.owner, f.name, commit, opts)
		if err != nil {
			return 0, fmt.Errorf("look for the pull request of the commit: %w", providers.LibraryCause(err))
		}
		for _, pull := range page {
			if pull.MergedAt != nil && pull.GetMergeCommitSHA() == commit {
				return pull.GetNumber(), nil
			}
		}
		if res.NextPage <= opts.Page {
			return 0, fmt.Errorf("the commit %.10s was made by no pull request: somebody has pushed it", commit)
		}
		opts.Page = res.NextPage
	}
}
