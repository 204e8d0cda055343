package providers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Forge is where a repository is reviewed: GitHub or GitLab. What a request
// comes to is an error as a [Client] returns it.
type Forge interface {
	// Self returns the name under which the credential writes.
	Self(ctx context.Context) (string, error)
	// Comments are those of the pull or merge request with the number.
	Comments(number int) Board
	// Issues are the open ones of the repository.
	Issues() Board
	// Find returns the number of the open pull or merge request whose head it is.
	Find(ctx context.Context, h Head) (int, error)
	// HeadOf returns the full id of the commit that the pull or merge request with
	// the number asks to have merged now.
	HeadOf(ctx context.Context, number int) (string, error)
	// Merged returns the number of the one whose merge made the commit.
	Merged(ctx context.Context, commit string) (int, error)
	// SetStatus sets the status of a commit, by its full id.
	SetStatus(ctx context.Context, commit string, s CommitStatus) error
}

// Head is the end of the branch that somebody asks to have merged.
type Head struct {
	// Owner has the repository of the branch, which may be a fork.
	Owner, Branch string
	// Commit is the full id.
	Commit string
}

// Board is a list of posts of one kind.
type Board interface {
	// List returns every post, of all pages.
	List(ctx context.Context) ([]Post, error)
	Create(ctx context.Context, d Draft) (Post, error)
	Update(ctx context.Context, id int64, d Draft) error
	// Remove deletes a comment, and closes an issue.
	Remove(ctx context.Context, id int64) error
}

// Draft is what is to be posted.
type Draft struct {
	// Title is that of an issue; comments have none.
	Title string
	// Body is Markdown. Its first line is the marker that it is found by.
	Body string
}

// Post is a comment or an issue.
type Post struct {
	// ID is what Update and Remove take.
	ID     int64
	Author string
	Body   string
	// URL is where people read it; empty where the forge does not say.
	URL string
}

// CommitStatus is the verdict of one run on one commit.
type CommitStatus struct {
	// Name tells statuses of a commit apart.
	Name string
	OK   bool
	// Description is one short line.
	Description string
}

// Posting is what became of a post.
type Posting string

// The outcomes.
const (
	Posted    Posting = "created"
	Reposted  Posting = "updated"
	Unchanged Posting = "unchanged"
	Retracted Posting = "removed"
	NotPosted Posting = "not posted"
)

// Keeper keeps one post on a board.
type Keeper struct {
	Board Board
	// Self is the name that we write under. Posts of others are never touched,
	// whatever they look like.
	Self string
	// Marker is the beginning of the first line of every post of ours.
	Marker string
	Clock  Clock
}

// createAttempts is how often a create is begun at most, and settle how long
// is waited after one without a clear answer: what a forge has just taken need
// not be in its lists yet.
const (
	createAttempts = 3
	settle         = 2 * time.Second
)

// Put makes d the one post with the marker: it updates the oldest of ours, or
// creates one, and removes every other. With mustExist it creates none. The
// URL is empty where the forge does not say it.
func (k *Keeper) Put(ctx context.Context, d Draft, mustExist bool) (Posting, string, error) {
	if !k.ours(Post{Author: k.Self, Body: d.Body}) {
		return "", "", fmt.Errorf("a post must begin with its marker %q", k.Marker)
	}
	mine, err := k.mine(ctx)
	if err != nil {
		return "", "", err
	}
	for _, p := range mine {
		outcome, err := k.update(ctx, p, d)
		if isGone(err) {
			mine = mine[1:]
			continue
		}
		if err != nil {
			return "", "", err
		}
		return outcome, p.URL, k.removeAll(ctx, mine[1:])
	}
	if mustExist {
		return NotPosted, "", nil
	}
	return k.create(ctx, d)
}

// Drop removes every post of ours with the marker. The last state of each is
// d, unless its body is empty: an issue stays to be read after it is closed.
func (k *Keeper) Drop(ctx context.Context, d Draft) (Posting, error) {
	mine, err := k.mine(ctx)
	if err != nil || len(mine) == 0 {
		return NotPosted, err
	}
	for _, p := range mine {
		if d.Body == "" {
			continue
		}
		if _, err := k.update(ctx, p, d); err != nil && !isGone(err) {
			return "", err
		}
	}
	return Retracted, k.removeAll(ctx, mine)
}

// mine are our posts with the marker, oldest first.
func (k *Keeper) mine(ctx context.Context) ([]Post, error) {
	all, err := k.Board.List(ctx)
	if err != nil {
		return nil, err
	}
	mine := slices.DeleteFunc(all, func(p Post) bool { return !k.ours(p) })
	slices.SortFunc(mine, func(a, b Post) int { return int(min(max(a.ID-b.ID, -1), 1)) })
	return mine, nil
}

// ours reports whether p was written by us and begins with the marker. Whoever
// else writes the marker, or has us repeat it further down, gets nothing by it.
func (k *Keeper) ours(p Post) bool {
	return k.Self != "" && p.Author == k.Self && strings.HasPrefix(p.Body, k.Marker)
}

// update gives p the draft where it differs. Forges end lines as they like.
func (k *Keeper) update(ctx context.Context, p Post, d Draft) (Posting, error) {
	plain := func(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }
	if plain(p.Body) == plain(d.Body) {
		return Unchanged, nil
	}
	return Reposted, k.Board.Update(ctx, p.ID, d)
}

// create posts d. Where no clear answer comes the post is looked for before it
// is sent again, and afterwards all but the oldest are removed, so that two
// runs at the same time leave one.
func (k *Keeper) create(ctx context.Context, d Draft) (Posting, string, error) {
	for attempt := 1; ; attempt++ {
		made, err := k.Board.Create(ctx, d)
		switch {
		case err == nil && made.Author != "" && made.Author != k.Self:
			return "", "", fmt.Errorf("the post was made by %q, and %q was looked for: name the author, or every run makes another post", made.Author, k.Self)
		case err == nil:
			return k.settled(ctx, d, made)
		case !unclear(err) || attempt == createAttempts:
			return "", "", err
		}
		if e := k.Clock.WithDefaults().Sleep(ctx, settle); e != nil {
			return "", "", errors.Join(e, err)
		}
		mine, e := k.mine(ctx)
		if e != nil {
			return "", "", errors.Join(err, e)
		}
		if len(mine) > 0 {
			return k.settled(ctx, d, mine[0])
		}
	}
}

// settled resolves what two runs may have created at the same time to the
// oldest post, with the words of d.
func (k *Keeper) settled(ctx context.Context, d Draft, made Post) (Posting, string, error) {
	mine, err := k.mine(ctx)
	if err != nil || len(mine) == 0 {
		// It was created. That a list fails, or does not have it yet, is no reason to say otherwise.
		return Posted, made.URL, nil
	}
	if _, err := k.update(ctx, mine[0], d); err != nil && !isGone(err) {
		return "", "", err
	}
	return Posted, mine[0].URL, k.removeAll(ctx, mine[1:])
}

func (k *Keeper) removeAll(ctx context.Context, posts []Post) error {
	for _, p := range posts {
		if err := k.Board.Remove(ctx, p.ID); err != nil && !isGone(err) {
			return fmt.Errorf("remove a post that is there twice: %w", err)
		}
	}
	return nil
}

// isGone reports whether the post that was asked for does not exist.
func isGone(err error) bool {
	var e *RequestError
	return errors.As(err, &e) && (e.Status == http.StatusNotFound || e.Status == http.StatusGone)
}

// unclear reports whether a create may have been carried out in spite of err:
// no answer came, or one from something between us and the forge.
func unclear(err error) bool {
	var e *RequestError
	var unsent *UnsentError
	var refused *CredentialsError
	switch {
	case errors.As(err, &unsent), errors.As(err, &refused), errors.Is(err, context.Canceled):
		return false
	case errors.As(err, &e):
		return e.Status >= 500 || e.Status < 300
	}
	return true
}
