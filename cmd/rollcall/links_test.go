package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// markdownPage is what a Markdown file has for links: where they lead, and the anchors
// of its headings.
type markdownPage struct {
	links   []string
	anchors map[string]bool
}

// readPage reads Markdown as GitHub does.
func readPage(source []byte) markdownPage {
	p := markdownPage{anchors: map[string]bool{}}
	seen := map[string]int{}
	root := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Link:
			if entering {
				p.links = append(p.links, string(n.Destination))
			}
		case *ast.Heading:
			if entering {
				anchor := anchorOf(plainText(n, source))
				if seen[anchor]++; seen[anchor] > 1 {
					anchor = fmt.Sprintf("%s-%d", anchor, seen[anchor]-1)
				}
				p.anchors[anchor] = true
			}
		}
		return ast.WalkContinue, nil
	})
	return p
}

// plainText is the text of a node without its markup.
func plainText(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Segment.Value(source))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// anchorOf is GitHub's anchor of a heading: lower case, blanks as dashes, and of
// all else only letters, digits, dashes and underscores.
func anchorOf(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(heading))
}

// documentation reads every page of the repository but golden files, by its
// path from the top.
func documentation(t *testing.T) map[string]markdownPage {
	t.Helper()
	list, err := exec.Command("git", "-C", "../..", "ls-files", "-z", "*.md").Output()
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]markdownPage{}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		if strings.Contains(name, "testdata/") {
			continue
		}
		content, err := os.ReadFile(filepath.Join("../..", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		pages[name] = readPage(content)
	}
	return pages
}

// linked is the file that a link of a page leads to, from the top, and the
// anchor in it; within is false for addresses of elsewhere.
func linked(from, link string) (file, anchor string, within bool) {
	if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
		return "", "", false
	}
	file, anchor, _ = strings.Cut(link, "#")
	if file == "" {
		return from, anchor, true
	}
	return path.Join(path.Dir(from), file), anchor, true
}

func TestLinksOfTheDocumentationLeadSomewhere(t *testing.T) {
	t.Parallel()
	pages := documentation(t)
	for from, p := range pages {
		for _, link := range p.links {
			file, anchor, within := linked(from, link)
			if !within {
				continue
			}
			if _, err := os.Stat(filepath.Join("../..", filepath.FromSlash(file))); err != nil {
				t.Errorf("%s: the link %s leads nowhere", from, link)
			} else if to, read := pages[file]; anchor != "" && read && !to.anchors[anchor] {
				t.Errorf("%s: the link %s: no heading of %s has that anchor; it has %q", from, link, file, slices.Sorted(maps.Keys(to.anchors)))
			}
		}
	}
}

// TestEveryPageIsFoundFromTheReadme: what nothing leads to is never read.
func TestEveryPageIsFoundFromTheReadme(t *testing.T) {
	t.Parallel()
	pages := documentation(t)
	found := map[string]bool{"README.md": true}
	for next := []string{"README.md"}; len(next) > 0; next = next[1:] {
		for _, link := range pages[next[0]].links {
			file, _, within := linked(next[0], link)
			if _, isPage := pages[file]; !isPage {
				file = path.Join(file, "README.md") // a folder shows this
			}
			if _, isPage := pages[file]; within && isPage && !found[file] {
				found[file] = true
				next = append(next, file)
			}
		}
	}
	for name := range pages {
		if strings.HasPrefix(name, "docs/") && !found[name] {
			t.Errorf("no link leads from README.md to %s", name)
		}
	}
}

func TestAnchorsAreThoseOfGitHub(t *testing.T) {
	t.Parallel()
	p := readPage([]byte("# A `push_group` & [more](x.md#y)\n\n# Größe: 5\n\n# Größe: 5\n\n```\n# no heading\n[no](link)\n```\n\n| a |\n|---|\n| [b](c.md) |\n"))
	if want := map[string]bool{"a-push_group--more": true, "größe-5": true, "größe-5-1": true}; !maps.Equal(p.anchors, want) {
		t.Errorf("anchors: got %v, want %v", p.anchors, want)
	}
	if want := []string{"x.md#y", "c.md"}; !slices.Equal(p.links, want) {
		t.Errorf("links: got %q, want %q", p.links, want)
	}
}
