package load

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// fileFunction reads a text file under the root, at the revision that is read.
func (l *loader) fileFunction() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			name, ok := insideRoot(args[0].AsString())
			if !ok {
				return cty.DynamicVal, function.NewArgErrorf(0, "the path must stay under the root of the configuration")
			}
			// Hidden files are not the author's: the state and git's own are among them.
			if slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool { return strings.HasPrefix(part, ".") }) {
				return cty.DynamicVal, function.NewArgErrorf(0, "files and folders whose names begin with a dot cannot be read")
			}
			content, err := l.contentOf(name, l.opts.Limits.TextBytes)
			if err != nil {
				return cty.DynamicVal, fmt.Errorf("read %s: %w", name, err)
			}
			if !utf8.Valid(content) {
				return cty.DynamicVal, fmt.Errorf("read %s: it is no UTF-8 text", name)
			}
			l.readByFunction[name] = content
			return cty.StringVal(string(content)), nil
		},
	})
}
