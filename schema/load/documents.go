package load

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// yamlAlias finds YAML's anchors and aliases. A few lines of them stand for more
// than any memory holds, and the decoder writes them out.
var yamlAlias = regexp.MustCompile(`(?m)(^|[\s\[{,:-])[*&][^\s,\[\]{}]`)

var errAlias = errors.New("YAML with anchors (&name) and aliases (*name) is not read; write the value out where it is needed")

// foreseeDocument refuses documents that nest deeper than the decoders' stack
// should go, and YAML that unfolds.
func (b *budget) foreseeDocument(name string, args []cty.Value) error {
	text, ok := plainText(args[0])
	if !ok {
		return nil
	}
	if name == "jsondecode" {
		if refused := scanJSON([]byte(text), b.limits.Depth); refused != nil {
			return fmt.Errorf("%w: in the document, %s", errBudget, refused.what)
		}
		return nil
	}
	if yamlDepth(text) > b.limits.Depth {
		return fmt.Errorf("%w: the document nests deeper than %d", errBudget, b.limits.Depth)
	}
	if yamlAlias.MatchString(text) {
		return errAlias
	}
	return nil
}

// yamlDepth bounds the nesting of a document from above: open brackets,
// wherever they stand, and the dashes and question marks that begin a line.
func yamlDepth(text string) int {
	deepest, open := 0, 0
	for line := range strings.Lines(text) {
		marks := 0
		for rest := strings.TrimLeft(line, " \t"); strings.HasPrefix(rest, "- ") || strings.HasPrefix(rest, "? ") || strings.HasPrefix(rest, ": "); marks++ {
			rest = strings.TrimLeft(rest[2:], " \t")
		}
		deepest = max(deepest, marks)
		for i := range len(line) {
			switch line[i] {
			case '[', '{':
				open++
				deepest = max(deepest, open)
			case ']', '}':
				open = max(0, open-1)
			}
		}
	}
	return deepest
}
