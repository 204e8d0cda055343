package schema

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// Order returns the numbers below n in the order of their keys; of one key, the
// smaller first. It is for who sorts very many, or large, things by a text:
// texts are compared in memory of their own only where eight bytes of them,
// behind what all have in common, are the same.
func Order(n int, key func(i int) string) []int {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = key(i)
	}
	type place struct {
		head uint64
		at   int
	}
	places := make([]place, n)
	shared := sharedPrefix(keys)
	for i, k := range keys {
		var head [8]byte
		copy(head[:], k[shared:])
		places[i] = place{binary.BigEndian.Uint64(head[:]), i}
	}
	slices.SortFunc(places, func(a, b place) int {
		if a.head != b.head {
			return cmp.Compare(a.head, b.head)
		}
		return cmp.Or(cmp.Compare(keys[a.at], keys[b.at]), cmp.Compare(a.at, b.at))
	})
	order := make([]int, n)
	for i, p := range places {
		order[i] = p.at
	}
	return order
}

// sharedPrefix is how many bytes all texts begin with.
func sharedPrefix(texts []string) int {
	if len(texts) == 0 {
		return 0
	}
	first, shared := texts[0], len(texts[0])
	for _, t := range texts {
		shared = min(shared, len(t))
		for first[:shared] != t[:shared] {
			shared--
		}
	}
	return shared
}
