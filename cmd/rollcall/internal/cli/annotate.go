package cli

import (
	"io"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/providers/gitrepo"
)

// annotate writes remarks in a forge's format to standard output. A forge counts
// paths from the top of the repository, not from the configuration's folder.
func (a *app) annotate(write func(io.Writer, []render.Annotation, string) error, list []render.Annotation) error {
	prefix, err := gitrepo.Folder(".")
	if err != nil {
		return err
	}
	return write(a.stdout, list, prefix)
}
