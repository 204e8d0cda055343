package providers

import (
	"context"
	"fmt"
)

// Kept returns the one post with the marker. It is an error if there is none,
// or more than one: then nobody knows which of them was read.
func (k *Keeper) Kept(ctx context.Context) (Post, error) {
	mine, err := k.mine(ctx)
	switch {
	case err != nil:
		return Post{}, err
	case len(mine) == 0:
		return Post{}, fmt.Errorf("%q has posted nothing that begins with %q", k.Self, k.Marker)
	case len(mine) > 1:
		return Post{}, fmt.Errorf("%q has posted %d that begin with %q", k.Self, len(mine), k.Marker)
	}
	return mine[0], nil
}
