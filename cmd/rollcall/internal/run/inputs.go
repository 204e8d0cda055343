package run

import (
	"fmt"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers/directory/file"
	"github.com/rollcall-dev/rollcall/providers/gitrepo"
	"github.com/rollcall-dev/rollcall/schema"
)

// readDirectories reads every declared directory. It does so offline too: they
// are files of the configuration.
func (p *Project) readDirectories() (map[schema.Address]*schema.Directory, error) {
	all := make(map[schema.Address]*schema.Directory, len(p.Config.Directories))
	for i := range p.Config.Directories {
		block := &p.Config.Directories[i]
		began := p.options.Now()
		d, found := file.Read(p.files, block, file.Limits{})
		p.Findings = append(p.Findings, found...)
		if d == nil {
			if !found.HasErrors() {
				return nil, &PlaceError{What: block.Address, Origin: block.Origin, Err: fmt.Errorf("the directory is empty without a reason")}
			}
			continue
		}
		d.Dated = p.dated(block)
		all[block.Address] = d
		p.directories = append(p.directories, planner.DirectoryInput{
			Address: string(block.Address), Digest: d.Digest,
			Users: len(d.People), Groups: len(d.Groups), Members: memberships(d), ReadAt: began,
			DatedAt: d.Dated.At, DatedBy: d.Dated.By,
		})
	}
	return all, nil
}

// memberships counts those of a directory's groups.
func memberships(d *schema.Directory) int {
	n := 0
	for i := range d.Groups {
		n += len(d.Groups[i].Members)
	}
	return n
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
