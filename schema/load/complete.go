package load

import (
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/schema"
)

// Unfinished reports whether src ends inside of brackets, a template sequence or
// a here-document, so that it may go on in a next line.
func Unfinished(src string) bool {
	s := scanner{src: []byte(src + "\n"), levels: make([]level, 1, 16), maxDepth: Limits{}.withDefaults().Depth, line: 1}
	return s.run() == nil && len(s.levels) > 1 && s.top().kind != '"'
}

// Complete lists, sorted, the names that word may become in an expression: of
// values, of what they have, and of functions, which end in a parenthesis.
func (r *Loaded) Complete(word string) []string {
	dot := strings.LastIndexByte(word, '.')
	if dot < 0 {
		return beginning(word, r.roots())
	}
	root, _, _ := strings.Cut(word, ".")
	switch root {
	case "var":
		return beginning(word, under(root, maps.Keys(r.loader.variables)))
	case "local":
		return beginning(word, under(root, maps.Keys(r.loader.locals)))
	case "effective":
		return beginning(word, under(root, slices.Values(schema.EffectiveNames())))
	case "path":
		return beginning(word, []string{"path.root"})
	case "user", "group", "app", "target", "directory":
		if names := beginning(word, r.loader.addresses(root)); len(names) > 0 || root != "user" {
			return names
		}
		return beginning(word, under(word[:dot], slices.Values(principalNames)))
	}
	return nil
}

// roots are the names that an expression of [Loaded.Evaluate] may begin with.
func (r *Loaded) roots() []string {
	names := []string{"user", "group"}
	for _, root := range []string{"var", "local", "app", "target", "directory", "path", "effective"} {
		names = append(names, root+".")
	}
	for name := range pureFunctions {
		names = append(names, name+"(")
	}
	return append(names, "file(")
}

func under(root string, names func(func(string) bool)) []string {
	var out []string
	for name := range names {
		out = append(out, root+"."+name)
	}
	return out
}

// beginning returns those of names that begin with word, sorted.
func beginning(word string, names []string) []string {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.HasPrefix(name, word) })
	slices.Sort(names)
	return names
}
