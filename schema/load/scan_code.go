package load

import "bytes"

// code takes one token of what is neither text nor template.
func (s *scanner) code(top *level) {
	c := s.src[s.pos]
	switch {
	case c == ' ' || c == '\t' || c == '\r':
		s.pos++
	case c == '\n':
		s.newline(top)
	case c == '#' || c == '/' && s.at(s.pos+1) == '/':
		s.lineComment()
	case c == '/' && s.at(s.pos+1) == '*':
		s.blockComment()
	case c == '"':
		s.pos++
		s.step(top, 0)
		s.push(level{kind: '"'})
	case '0' <= c && c <= '9':
		s.number(top)
	case isIdent(c):
		s.ident(top)
	case c == '<' && s.at(s.pos+1) == '<' && s.openHeredoc(top):
	default:
		s.symbol(top, c)
		s.pos++
		s.last = c
	}
}

func isIdent(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}

// newline ends an argument, except between brackets that ignore it.
func (s *scanner) newline(top *level) {
	s.pos++
	s.line++
	if (top.kind == '{' || top.kind == 0) && !top.loop {
		*top = level{kind: top.kind}
		if s.last == '}' && top.kind == 0 && len(s.levels) == 1 && s.breaks != nil && !s.whole {
			s.breaks(s.pos, s.line)
		}
		s.last = '\n'
	}
}

func (s *scanner) lineComment() {
	end := bytes.IndexByte(s.src[s.pos:], '\n')
	if end < 0 {
		s.pos = len(s.src)
		return
	}
	s.pos += end
}

func (s *scanner) blockComment() {
	end := bytes.Index(s.src[s.pos+2:], []byte("*/"))
	if end < 0 {
		s.pos = len(s.src)
		return
	}
	comment := s.src[s.pos : s.pos+2+end+2]
	s.line += bytes.Count(comment, []byte("\n"))
	s.pos += len(comment)
}

// step notes that a token of another kind than a unary operator came; operators
// and steps of the expression at hand go on if c says so.
func (s *scanner) step(top *level, c byte) {
	top.unary = 0
	switch c {
	case ',', '=':
		*top = level{kind: top.kind, loop: top.loop, bare: top.bare, marker: top.marker}
	case '+', '*', '/', '%', '&', '|', '<', '>', ':', '?':
		top.splats, top.steps = 0, 0
	}
}

// number measures a number literal.
func (s *scanner) number(top *level) {
	start := s.pos
	exponent := -1
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		next := s.at(s.pos + 1)
		switch {
		case '0' <= c && c <= '9', c == '.' && '0' <= next && next <= '9':
		case (c == 'e' || c == 'E') && (next == '+' || next == '-' || '0' <= next && next <= '9'):
			exponent = 0
			s.pos++
		default:
			s.endNumber(top, start)
			return
		}
		if exponent >= 0 && '0' <= s.at(s.pos) && s.at(s.pos) <= '9' {
			exponent = exponent*10 + int(s.at(s.pos)-'0')
		}
		if exponent > maxNumberSize {
			s.refuse("a number's exponent is over %d", maxNumberSize)
			return
		}
		s.pos++
	}
	s.endNumber(top, start)
}

func (s *scanner) endNumber(top *level, start int) {
	if s.pos-start > maxNumberSize {
		s.pos = start
		s.refuse("a number has more than %d digits", maxNumberSize)
	}
	s.step(top, 0)
	s.last = '0'
}

// ident takes a name. One that does not continue a traversal begins a new one.
// Bytes beyond ASCII may be no letters at all, so a dash after them is not
// taken as part of a name.
func (s *scanner) ident(top *level) {
	start, ascii := s.pos, true
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		if !isIdent(c) && (c < '0' || c > '9') && (c != '-' || !ascii) {
			break
		}
		ascii = ascii && c < 0x80
		s.pos++
	}
	s.step(top, 0)
	if s.last != '.' {
		top.splats, top.steps = 0, 0
	}
	if (s.last == '{' || s.last == '[') && string(s.src[start:s.pos]) == "for" {
		top.loop = true
	}
	s.last = 'a'
}

// openHeredoc steps into the here-document that begins here, if one does.
func (s *scanner) openHeredoc(top *level) bool {
	rest := s.src[s.pos+2:]
	rest = bytes.TrimPrefix(rest, []byte("-"))
	end := bytes.IndexByte(rest, '\n')
	if end < 0 || end == 0 || !isIdent(rest[0]) {
		return false
	}
	marker := bytes.TrimSuffix(rest[:end], []byte("\r"))
	for _, c := range marker {
		if !isIdent(c) && c != '-' && (c < '0' || c > '9') {
			return false
		}
	}
	s.step(top, 0)
	s.whole = true
	s.line++
	s.pos = len(s.src) - len(rest) + end + 1
	s.push(level{kind: 'h', marker: marker})
	s.last = '"'
	return true
}

// symbol takes one byte of punctuation.
func (s *scanner) symbol(top *level, c byte) {
	switch c {
	case '(', '[', '{':
		s.open(top, c)
	case ')', ']', '}':
		s.close(c)
	case '!', '-':
		s.unary(top, c)
	case '*':
		s.star(top)
	case '?':
		s.step(top, c)
		top.ternaries++
		if top.ternaries > maxTernaries {
			s.refuse("an expression has more than %d conditionals", maxTernaries)
		}
	case '+', '/', '%', '&', '|', '<', '>', ':':
		s.operator(top, c)
	case '.':
		top.unary = 0
		s.traverse(top)
	case '=':
		s.equals(top)
	default:
		s.step(top, c)
	}
}

// equals tells the comparison == from the = of an argument, which ends an expression.
func (s *scanner) equals(top *level) {
	if s.last == '=' || s.at(s.pos+1) == '=' || s.last == '!' || s.last == '<' || s.last == '>' {
		s.operator(top, '<')
		return
	}
	s.step(top, '=')
}

func (s *scanner) operator(top *level, c byte) {
	s.step(top, c)
	top.operators++
	if top.operators > maxOperators {
		s.refuse("an expression has more than %d operators", maxOperators)
	}
}

func (s *scanner) unary(top *level, c byte) {
	if c == '-' {
		top.operators++
		top.splats, top.steps = 0, 0
		if top.operators > maxOperators {
			s.refuse("an expression has more than %d operators", maxOperators)
		}
	}
	top.unary++
	if top.unary > maxUnaryRun {
		s.refuse("more than %d unary operators stand in a row", maxUnaryRun)
	}
}

// star is a splat after a dot or an opening bracket, and else a multiplication.
func (s *scanner) star(top *level) {
	if s.last == '[' && len(s.levels) > 1 {
		top = &s.levels[len(s.levels)-2]
	} else if s.last != '.' {
		s.operator(top, '*')
		return
	}
	top.splats++
	if top.splats > maxSplats {
		s.refuse("a traversal has more than %d splats", maxSplats)
	}
}

// traverse counts the steps .name and [index] of a traversal.
func (s *scanner) traverse(top *level) {
	top.steps++
	if top.steps > maxSteps {
		s.refuse("a traversal has more than %d steps", maxSteps)
	}
}

func (s *scanner) open(top *level, c byte) {
	top.unary = 0
	switch c {
	case '[', '(':
		s.traverse(top)
		if s.last == ',' || s.last == '=' {
			top.steps = 0
		}
	}
	s.push(level{kind: c})
}

// close leaves the level that c closes. As for hclsyntax's lexer, a brace
// closes whatever brackets are still open inside it.
func (s *scanner) close(c byte) {
	opener := byte('{')
	switch c {
	case ')':
		opener = '('
	case ']':
		opener = '['
	}
	for i := len(s.levels) - 1; i > 0; i-- {
		kind := s.levels[i].kind
		if kind == opener || c == '}' && kind == '$' {
			s.levels = s.levels[:i]
			return
		}
		if c != '}' || kind == '"' || kind == 'h' {
			return
		}
	}
}
