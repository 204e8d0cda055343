package planner

import "testing"

func TestPhraseSpeaksOfOneAndOfManyAndReadsNoTemplateInNames(t *testing.T) {
	t.Parallel()
	const template = "{} {is|are} in {}."
	for _, tt := range []struct {
		n          int
		who, where string
		want       string
	}{
		{1, "ann", "group.a", "ann is in group.a."},
		{2, "ann, bo", "group.a", "ann, bo are in group.a."},
		{1, "{x|y} {}", `directory.file.hr.groups["{a|b}"]`, `{x|y} {} is in directory.file.hr.groups["{a|b}"].`},
	} {
		if got := phrase(template, tt.n, tt.who, tt.where); got != tt.want {
			t.Errorf("phrase = %q, want %q", got, tt.want)
		}
	}
}
