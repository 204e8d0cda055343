package run

import (
	"context"
	"runtime"
	"sync"

	"github.com/rollcall-dev/rollcall/planner/policy"
	"github.com/rollcall-dev/rollcall/schema"
)

// Tested is one file of tests and what became of its runs, place by place.
// Outcomes is nil where the file has errors.
type Tested struct {
	File     *schema.TestFile
	Outcomes []*policy.Outcome
}

// Test carries out the runs of files, several at a time, and hands over the
// files in their order, each when all of its runs have ended. It needs no
// target and no state, and writes nothing. What tell returns ends it.
func (p *Project) Test(ctx context.Context, files []schema.TestFile, tell func(*Tested) error) error {
	baseline, err := policy.NewBaseline(p.Desired, p.facts)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	tested := make([]Tested, len(files))
	ended := make([]sync.WaitGroup, len(files))
	for i := range files {
		tested[i].File = &files[i]
		if files[i].Findings.HasErrors() {
			continue
		}
		tested[i].Outcomes = make([]*policy.Outcome, len(files[i].Runs))
		for j := range files[i].Runs {
			ended[i].Go(func() {
				select {
				case slots <- struct{}{}:
					tested[i].Outcomes[j] = baseline.Run(&files[i].Runs[j])
					<-slots
				case <-ctx.Done():
				}
			})
		}
	}
	for i := range tested {
		ended[i].Wait()
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := tell(&tested[i]); err != nil {
			return err
		}
	}
	return nil
}
