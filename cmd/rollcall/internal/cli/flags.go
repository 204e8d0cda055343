package cli

import (
	"errors"
	"strconv"

	"github.com/spf13/cobra"
)

// requests is the value of -parallelism; zero leaves it to the target.
type requests int

// Set refuses what lets nothing through: who says zero means something else.
func (r *requests) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err == nil && n < 1 {
		err = errors.New("it is less than 1")
	}
	*r = requests(n)
	return err
}

func (r *requests) String() string { return strconv.Itoa(int(*r)) }

// Type names the kind of value: see [flagKinds].
func (r *requests) Type() string { return "requests" }

// addParallelism gives c the flag -parallelism.
func addParallelism(c *cobra.Command, n *requests) {
	c.Flags().Var(n, "parallelism", "at most `N` requests at a time at each target")
}

// neverAsks gives c, which asks nobody, the flag -input, because pipelines give
// it to every command that takes it in Terraform.
func neverAsks(c *cobra.Command) {
	c.Flags().Bool("input", true, "never ask, which "+c.Name()+" does not do anyway")
}
