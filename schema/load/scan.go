package load

import (
	"bytes"
	"fmt"
)

// What one expression may hold besides its depth. hclsyntax and cty recurse
// over each of these, so that their number, too, is the stack's depth.
const (
	maxUnaryRun   = 8
	maxSplats     = 8
	maxTernaries  = 64
	maxOperators  = 1024
	maxSteps      = 64
	maxNumberSize = 64
)

// refusal says why a file is not given to the parser, and where.
type refusal struct {
	offset int
	what   string
}

// scan reads src once, without allocating for its content, and returns the first
// thing in it that would cost the HCL parser more than we are willing to pay.
// It follows the nesting of the language as hclsyntax's lexer does, in sources
// that are no valid HCL, too. breaks gets the offsets at which the source may be
// cut into runs that parse alone; nil does not look for any.
func scan(src []byte, maxDepth int, breaks func(offset, line int)) *refusal {
	s := scanner{src: src, levels: make([]level, 1, 16), maxDepth: maxDepth, breaks: breaks, line: 1}
	return s.run()
}

// scanTemplate is scan for the content of a JSON string, which is a template
// from its first byte.
func scanTemplate(src []byte, maxDepth int) *refusal {
	s := scanner{src: src, levels: []level{{}, {kind: '"', bare: true}}, maxDepth: maxDepth, line: 1}
	return s.run()
}

// level is one open bracket, text or template; kind is the byte that opened it:
// one of ( [ { " or h for a here-document, $ for a template sequence, 0 for the file.
type level struct {
	kind byte
	// loop tells brackets in which newlines mean nothing: they hold a for expression.
	loop bool
	// bare tells the text of a JSON string, which no quote ends.
	bare bool
	// marker ends a here-document.
	marker []byte
	// What the expression at hand has shown so far.
	unary, splats, ternaries, operators, steps int
}

type scanner struct {
	src      []byte
	pos      int
	line     int
	levels   []level
	maxDepth int
	// flow counts open template directives: if and for without their end.
	flow int
	// last is the last byte that was no space or comment; 0 at the start.
	last byte
	// whole tells a source that is not cut: a here-document came by.
	whole   bool
	breaks  func(offset, line int)
	refused *refusal
}

func (s *scanner) run() *refusal {
	for s.pos < len(s.src) && s.refused == nil {
		switch top := s.top(); top.kind {
		case '"':
			s.text(top)
		case 'h':
			s.heredoc(top)
		default:
			s.code(top)
		}
	}
	return s.refused
}

func (s *scanner) top() *level { return &s.levels[len(s.levels)-1] }

func (s *scanner) refuse(format string, args ...any) {
	if s.refused == nil {
		s.refused = &refusal{s.pos, fmt.Sprintf(format, args...)}
	}
}

func (s *scanner) push(l level) {
	if len(s.levels)+s.flow > s.maxDepth {
		s.refuse("brackets, blocks and templates nest deeper than %d", s.maxDepth)
		return
	}
	s.levels = append(s.levels, l)
}

func (s *scanner) pop() { s.levels = s.levels[:len(s.levels)-1] }

func (s *scanner) at(i int) byte {
	if i < len(s.src) {
		return s.src[i]
	}
	return 0
}

// text goes on inside a quoted text, where only escapes, template sequences and
// the closing quote mean anything.
func (s *scanner) text(top *level) {
	switch c := s.src[s.pos]; {
	case c == '\\' && !top.bare:
		s.pos += 2
		if s.at(s.pos-1) == '\n' {
			s.line++
		}
	case c == '"' && !top.bare:
		s.pos++
		s.pop()
		s.last = '"'
	case c == '\n':
		s.line++
		s.pos++
	default:
		s.template(c)
	}
}

// template steps over one byte of a text, or into the template sequence that it begins.
func (s *scanner) template(c byte) {
	if c != '$' && c != '%' {
		s.pos++
		return
	}
	switch {
	case s.at(s.pos+1) == '{':
		s.pos += 2
		s.push(level{kind: '$'})
		s.last = 0
		if c == '%' {
			s.directive()
		}
	case s.at(s.pos+1) == c && s.at(s.pos+2) == '{':
		s.pos += 3
	default:
		s.pos++
	}
}

// directive counts the template's if and for, which nest without brackets.
func (s *scanner) directive() {
	rest := bytes.TrimLeft(s.src[s.pos:min(len(s.src), s.pos+64)], "~ \t\r\n")
	switch {
	case bytes.HasPrefix(rest, []byte("endif")), bytes.HasPrefix(rest, []byte("endfor")):
		s.flow = max(0, s.flow-1)
	case bytes.HasPrefix(rest, []byte("else")):
	default:
		s.flow++
		if len(s.levels)+s.flow > s.maxDepth {
			s.refuse("template directives nest deeper than %d", s.maxDepth)
		}
	}
}

// heredoc goes on inside a here-document, line by line.
func (s *scanner) heredoc(top *level) {
	if s.pos == 0 || s.src[s.pos-1] == '\n' {
		end := bytes.IndexByte(s.src[s.pos:], '\n')
		if end >= 0 && bytes.Equal(bytes.TrimSpace(s.src[s.pos:s.pos+end]), top.marker) {
			s.pos += end
			s.pop()
			return
		}
	}
	c := s.src[s.pos]
	if c == '\n' {
		s.line++
		s.pos++
		return
	}
	s.template(c)
}
