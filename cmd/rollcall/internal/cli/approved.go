package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
)

func newApproved(a *app) *cobra.Command {
	var f forgeFlags
	var root string
	c := manual{
		about: "Finds the pull or merge request that a commit of the main branch came from, whether it was\n" +
			"merged, squashed or rebased, and prints the fingerprint of the plan that its comment\n" +
			"shows. Only a comment that comment has written under the name of the same token counts.\n" +
			"Which commit it is about is read from the CI's environment unless flags say it; the\n" +
			"token is read as comment reads it. Writes nothing.",
		example: "expect=$(rollcall approved)\nrollcall apply -expect=\"$expect\"",
		exits:   "0 printed; 1 no plan was approved, or it is not known which; 130 interrupted.",
	}.describe(&cobra.Command{
		Use: "approved", Short: "Print the fingerprint of the plan that a merge has approved", Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.approved(c.Context(), f, root) },
	})
	f.add(c)
	c.Flags().Lookup("commit").Usage = "full `ID` of the commit that the merge made"
	c.Flags().Lookup("number").Usage = "`N`umber of the pull or merge request, instead of a commit"
	c.Flags().StringVar(&root, "root", "", "`NAME` of the configuration; its folder in the repository if not given")
	return c
}

// approved prints the fingerprint that stands in the comment.
func (a *app) approved(ctx context.Context, f forgeFlags, name string) error {
	root, err := rootName(name)
	if err != nil {
		return err
	}
	kind, at, err := a.forge(f)
	if err != nil {
		return err
	}
	if f.number == 0 && !render.IsCommit(at.commit) {
		return errors.New("it is not known which commit the merge made: set -commit to its full id, or -number")
	}
	forge, err := a.forgeClient(kind, at)
	if err != nil {
		return err
	}
	got, err := readApproved(ctx, forge, f, at, root)
	if err != nil {
		return kind.explain(fmt.Errorf("find the plan that was approved: %w", err))
	}
	_, err = fmt.Fprintln(a.stdout, got)
	return err
}

// readApproved reads the fingerprint from the comment of the pull request.
func readApproved(ctx context.Context, forge providers.Forge, f forgeFlags, at place, root string) (string, error) {
	number := f.number
	if number == 0 {
		var err error
		if number, err = forge.Merged(ctx, at.commit); err != nil {
			return "", err
		}
	}
	self, err := f.self(ctx, forge)
	if err != nil {
		return "", err
	}
	keeper := &providers.Keeper{Board: forge.Comments(number), Self: self, Marker: markerOf("plan", root)}
	post, err := keeper.Kept(ctx)
	if err != nil {
		return "", fmt.Errorf("pull or merge request %d: %w", number, err)
	}
	return markedFingerprint(post.Body)
}

// markedFingerprint reads the fingerprint from a marker, the first line of a post.
func markedFingerprint(body string) (string, error) {
	line, _, _ := strings.Cut(body, "\n")
	m := inMarker.FindStringSubmatch(line)
	if m == nil || !planner.IsFingerprint(m[1]) {
		return "", errors.New("the comment holds no fingerprint: it was written for no plan, or by another version")
	}
	return m[1], nil
}

// inMarker finds the fingerprint of a marker.
var inMarker = regexp.MustCompile(` fingerprint=(\S+) `)
