package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

func TestNormaliseReadsSingleDashFlagsAsTerraformDoes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ args, want []string }{
		"switch":                      {[]string{"plan", "-json"}, []string{"plan", "--json"}},
		"value after equals sign":     {[]string{"plan", "-out=x"}, []string{"plan", "--out=x"}},
		"value as next word":          {[]string{"plan", "-var", "a=b"}, []string{"plan", "--var", "a=b"}},
		"value that looks like flag":  {[]string{"plan", "-var", "-json=1"}, []string{"plan", "--var", "-json=1"}},
		"two dashes stay":             {[]string{"plan", "--out", "-x"}, []string{"plan", "--out", "-x"}},
		"before the command":          {[]string{"-chdir=d", "plan"}, []string{"--chdir=d", "plan"}},
		"before, value as next word":  {[]string{"-chdir", "-d", "plan"}, []string{"--chdir", "-d", "plan"}},
		"after a positional":          {[]string{"plan", "x", "-json"}, []string{"plan", "x", "--json"}},
		"unknown":                     {[]string{"plan", "-jsn"}, []string{"plan", "--jsn"}},
		"shorthand":                   {[]string{"plan", "-h"}, []string{"plan", "-h"}},
		"lone dash":                   {[]string{"plan", "-"}, []string{"plan", "-"}},
		"negative number":             {[]string{"plan", "-12"}, []string{"plan", "-12"}},
		"shorthand with a value":      {[]string{"plan", "-h=true"}, []string{"plan", "-h=true"}},
		"after the end of flags":      {[]string{"plan", "--", "-json"}, []string{"plan", "--", "-json"}},
		"switch takes no value":       {[]string{"plan", "-json", "-out", "f"}, []string{"plan", "--json", "--out", "f"}},
		"missing value at the end":    {[]string{"plan", "-out"}, []string{"plan", "--out"}},
		"switch turned off":           {[]string{"plan", "-lock=false"}, []string{"plan", "--lock=false"}},
		"value with dashes and equal": {[]string{"plan", "-var=a=-b"}, []string{"plan", "--var=a=-b"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := normalise(sampleTree(), tt.args)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("normalise (-want +got):\n%s", diff)
			}
		})
	}
}

// sampleTree has one command with each kind of flag.
func sampleTree() *cobra.Command {
	root := &cobra.Command{Use: "root"}
	root.PersistentFlags().String("chdir", "", "")
	plan := &cobra.Command{Use: "plan"}
	plan.Flags().StringArray("var", nil, "")
	plan.Flags().String("out", "", "")
	plan.Flags().Bool("json", false, "")
	plan.Flags().Bool("lock", true, "")
	root.AddCommand(plan)
	return root
}

func TestDidYouMeanOffersOnlyWhatIsClose(t *testing.T) {
	t.Parallel()
	names := []string{"plan", "apply", "validate", "version"}
	tests := map[string]string{
		"plam":   `; did you mean "plan"?`,
		"aply":   `; did you mean "apply"?`,
		"val":    `; did you mean "validate"?`,
		"banana": "",
		"x":      "",
	}
	for typed, want := range tests {
		if got := didYouMean(typed, names, ""); got != want {
			t.Errorf("didYouMean(%q) = %q, want %q", typed, got, want)
		}
	}
}
