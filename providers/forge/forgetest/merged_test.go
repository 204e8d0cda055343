package forgetest_test

import (
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/providers/forge/forgetest"
)

func TestMergedIsTheOneThatMadeTheCommit(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stand) {
		s.Merge(strings.Repeat("b", 40))
		number, err := s.forge.Merged(t.Context(), strings.Repeat("b", 40))
		if err != nil || number != s.Number {
			t.Errorf("merged: %d, %v, want %d", number, err, s.Number)
		}
		// Others hold the commit, and none of them made it.
		if number, err := s.forge.Merged(t.Context(), head); err == nil || !strings.Contains(err.Error(), "somebody has pushed it") {
			t.Errorf("a commit that was only pushed: %d, %v", number, err)
		}
	})
}

func TestKeptIsTheOnePostOfOurs(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *stand) {
		s.Seed([]forgetest.Post{{Author: "mallory", Body: body("forged")}, {Author: s.Self, Body: "hello"}}, nil)
		if p, err := s.keeper.Kept(t.Context()); err == nil {
			t.Errorf("nobody has posted it: %+v", p)
		}
		s.Seed([]forgetest.Post{{Author: s.Self, Body: body("ours")}}, nil)
		if p, err := s.keeper.Kept(t.Context()); err != nil || p.Body != body("ours") {
			t.Errorf("kept: %+v, %v", p, err)
		}
		s.Seed([]forgetest.Post{{Author: s.Self, Body: body("again")}}, nil)
		if p, err := s.keeper.Kept(t.Context()); err == nil {
			t.Errorf("of two posts one was taken: %+v", p)
		}
	})
}
