package gitrepo

import (
	"bytes"
	"cmp"
	"slices"
)

// none is the index of a line or file that another version does not have.
const none = -1

// splitLines cuts content behind each line's end. A last line that does not end
// is another one than the same with an end, as in git.
func splitLines(content []byte) [][]byte {
	lines := make([][]byte, 0, bytes.Count(content, []byte("\n"))+1)
	for len(content) > 0 {
		end := bytes.IndexByte(content, '\n') + 1
		if end == 0 {
			end = len(content)
		}
		lines = append(lines, content[:end])
		content = content[end:]
	}
	return lines
}

// match finds for each line of after which line of before it is, counted from
// zero, or none: a common subsequence, as a diff has it. It anchors on the
// lines that both have once (patience diff), goes on between the anchors, and
// works out the longest subsequence where nothing is there once.
func match(before, after [][]byte) []int {
	m := matcher{out: make([]int, len(after))}
	for i := range m.out {
		m.out[i] = none
	}
	m.number(before, after)
	m.between(span{0, len(before), 0, len(after)}, 0)
	return m.out
}

const (
	// deepest is how often the lines between anchors are looked at for more.
	// Each level needs lines that were there twice and are there once now.
	deepest = 64
	// longestTable is the size of the largest table of the longest subsequence.
	longestTable = 1 << 20
)

// matcher compares two versions, whose equal lines have equal numbers.
type matcher struct {
	before, after []int
	out           []int
}

// span is a part of both versions.
type span struct{ aLo, aHi, bLo, bHi int }

func (s span) empty() bool { return s.aLo == s.aHi || s.bLo == s.bHi }

// number gives equal lines equal numbers.
func (m *matcher) number(before, after [][]byte) {
	numbers := make(map[string]int, len(before))
	of := func(lines [][]byte) []int {
		out := make([]int, len(lines))
		for i, line := range lines {
			n, ok := numbers[string(line)]
			if !ok {
				n = len(numbers)
				numbers[string(line)] = n
			}
			out[i] = n
		}
		return out
	}
	m.before, m.after = of(before), of(after)
}

// between matches the lines of a part.
func (m *matcher) between(s span, depth int) {
	s = m.trim(s)
	if s.empty() || depth > deepest {
		return
	}
	anchors := m.anchors(s)
	if len(anchors) == 0 {
		m.longest(s)
		return
	}
	from := s
	for _, anchor := range anchors {
		m.out[anchor.b] = anchor.a
		m.between(span{from.aLo, anchor.a, from.bLo, anchor.b}, depth+1)
		from.aLo, from.bLo = anchor.a+1, anchor.b+1
	}
	m.between(from, depth+1)
}

// trim matches what both begin and end with.
func (m *matcher) trim(s span) span {
	for !s.empty() && m.before[s.aLo] == m.after[s.bLo] {
		m.out[s.bLo] = s.aLo
		s.aLo++
		s.bLo++
	}
	for !s.empty() && m.before[s.aHi-1] == m.after[s.bHi-1] {
		s.aHi--
		s.bHi--
		m.out[s.bHi] = s.aHi
	}
	return s
}

// pair is one line of both.
type pair struct{ a, b int }

// anchors are lines that both parts have exactly once, as many of them as stand
// in the same order in both.
func (m *matcher) anchors(s span) []pair {
	type seen struct{ a, b, inA, inB int }
	lines := make(map[int]*seen, s.aHi-s.aLo)
	for i := s.aLo; i < s.aHi; i++ {
		l := lines[m.before[i]]
		if l == nil {
			l = &seen{}
			lines[m.before[i]] = l
		}
		l.a, l.inA = i, l.inA+1
	}
	for i := s.bLo; i < s.bHi; i++ {
		if l := lines[m.after[i]]; l != nil {
			l.b, l.inB = i, l.inB+1
		}
	}
	var once []pair
	for i := s.aLo; i < s.aHi; i++ {
		if l := lines[m.before[i]]; l.inA == 1 && l.inB == 1 {
			once = append(once, pair{l.a, l.b})
		}
	}
	return increasing(once)
}

// increasing returns a longest part of pairs, which are in the order of a, that
// is in the order of b too.
func increasing(pairs []pair) []pair {
	var ends []int                      // ends[n] is the pair with the smallest b that ends n+1 of them
	previous := make([]int, len(pairs)) // the pair before, or -1
	for i, p := range pairs {
		n, _ := slices.BinarySearchFunc(ends, p.b, func(end, b int) int { return cmp.Compare(pairs[end].b, b) })
		previous[i] = -1
		if n > 0 {
			previous[i] = ends[n-1]
		}
		if n == len(ends) {
			ends = append(ends, i)
		} else {
			ends[n] = i
		}
	}
	out := make([]pair, len(ends))
	for i, n := len(ends)-1, 0; i >= 0; i-- {
		if i == len(ends)-1 {
			n = ends[i]
		}
		out[i] = pairs[n]
		n = previous[n]
	}
	return out
}

// longest matches a longest common subsequence of a part in which no line is
// there once. One that is too large stays without matches.
func (m *matcher) longest(s span) {
	rows, columns := s.aHi-s.aLo, s.bHi-s.bLo
	if rows > longestTable/(columns+1) {
		return
	}
	table := make([]int32, (rows+1)*(columns+1)) // the length for what is left of both
	at := func(i, j int) *int32 { return &table[i*(columns+1)+j] }
	for i := rows - 1; i >= 0; i-- {
		for j := columns - 1; j >= 0; j-- {
			if m.before[s.aLo+i] == m.after[s.bLo+j] {
				*at(i, j) = *at(i+1, j+1) + 1
			} else {
				*at(i, j) = max(*at(i+1, j), *at(i, j+1))
			}
		}
	}
	for i, j := 0, 0; i < rows && j < columns; {
		switch {
		case m.before[s.aLo+i] == m.after[s.bLo+j]:
			m.out[s.bLo+j] = s.aLo + i
			i++
			j++
		case *at(i+1, j) >= *at(i, j+1):
			i++
		default:
			j++
		}
	}
}
