package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/auditlog"
)

// logFlags are those of log.
type logFlags struct {
	auditlog.Filter
	since, format string
	json, verify  bool
}

// shownApplies is how many applies are shown unless -n says otherwise.
const shownApplies = 20

// logFormats are the values of -format.
var logFormats = [...]string{"csv", "json", "jsonl", "text"}

func newLog(a *app) *cobra.Command {
	var f logFlags
	c := manual{
		about: "Shows the audit log: what every apply and undo did, who ran it, from which commit, and\n" +
			"what the targets answered, and every change of the state by hand. The latest come\n" +
			"first; exports (json, jsonl, csv) begin with the oldest and hold all, unless -n is\n" +
			"given. Lines of jsonl are those of the log as they stand, with their hashes. The\n" +
			"chain of hashes is checked whenever the log is read; a broken one exits 1.",
		example: "rollcall log -since=2026-11-01 -app=vpn\nrollcall log -apply=7QK3 -who=bob@example.com\nrollcall log -format=jsonl > audit.jsonl",
		exits:   "0 done; 1 error, or the log is not as it was written.",
	}.describe(&cobra.Command{
		Use: "log", Short: "Show what was applied, by whom, and what came of it", Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if f.json {
				f.format = "json"
			}
			if !slices.Contains(logFormats[:], f.format) {
				return &usageError{fmt.Errorf("the format is one of %s, not %q", strings.Join(logFormats[:], ", "), f.format), c}
			}
			var err error
			if f.Since, err = since(f.since); err != nil {
				return &usageError{err, c}
			}
			if f.Last < 0 {
				return &usageError{fmt.Errorf("the flag -n takes a number of applies, or 0 for all, not %d", f.Last), c}
			}
			if f.format != "text" && !c.Flags().Changed("n") || f.ID != "" {
				f.Last = 0
			}
			f.App = strings.TrimPrefix(f.App, "app.")
			return a.log(c.Context(), f)
		},
	})
	c.Flags().IntVarP(&f.Last, "n", "n", shownApplies, "the latest `N` applies; 0 for all")
	c.Flags().StringVar(&f.since, "since", "", "not before `TIME`: a date, or RFC 3339")
	c.Flags().StringVar(&f.ID, "apply", "", "the apply called `ID`, whole; the first letters will do")
	c.Flags().StringVar(&f.By, "by", "", "run by `USER`: user@host, or the user alone")
	c.Flags().StringVar(&f.Who, "who", "", "changes about `PERSON`: a login or an address")
	c.Flags().StringVar(&f.App, "app", "", "changes of `APP`: its name or address")
	c.Flags().StringVar(&f.format, "format", "text", "`FORMAT`: "+strings.Join(logFormats[:], ", "))
	c.Flags().BoolVar(&f.json, "json", false, "print the JSON document")
	c.Flags().BoolVar(&f.verify, "verify", false, "only check that nothing was altered or cut off")
	return c
}

// since reads a date or a time.
func since(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("the flag -since takes a date such as 2026-11-02, or a time such as 2026-11-02T09:30:00Z, not %q", text)
}

// log shows the log, or checks it.
func (a *app) log(ctx context.Context, f logFlags) error {
	p, err := a.project()
	if err != nil {
		return err
	}
	defer p.Close()
	state := &planner.State{}
	if f.verify {
		if state, err = p.State(ctx); err != nil {
			return err
		}
		f.Mark = state.Logged.Seq
	}
	var chosen *auditlog.Selection
	err = withLog(ctx, p, func(log io.Reader) (err error) {
		chosen, err = f.Select(log)
		return err
	})
	if err != nil {
		return err
	}
	if f.verify {
		return a.verifyLog(state, chosen)
	}
	if f.ID != "" && len(chosen.Applies) != 1 {
		return &auditlog.NotFoundError{ID: f.ID, Found: chosen.Applies[:min(2, len(chosen.Applies))]}
	}
	err = withLog(ctx, p, func(log io.Reader) error { return a.showLog(log, &f, chosen) })
	if err == nil && chosen.Broken != nil {
		err = &run.LogError{Err: chosen.Broken}
	}
	return err
}

// withLog opens the log for read.
func withLog(ctx context.Context, p *run.Project, read func(io.Reader) error) error {
	log, err := p.Log(ctx)
	if err != nil {
		return err
	}
	return errors.Join(read(log), log.Close())
}

// verifyLog says whether the log is whole.
func (a *app) verifyLog(state *planner.State, s *auditlog.Selection) error {
	if s.Broken != nil {
		return &run.LogError{Err: s.Broken}
	}
	if err := run.CheckLogEnd(state, s); err != nil {
		return err
	}
	if s.Head.Seq == 0 {
		fmt.Fprintln(a.stdout, "The audit log is empty.")
		return nil
	}
	fmt.Fprintf(a.stdout, "The audit log is intact: %d records, the last of %s.\nIts hash is %s\n",
		s.Head.Seq, s.At.UTC().Format(time.RFC3339), s.Head.Hash)
	if s.First > 1 {
		fmt.Fprintf(a.stdout, "It goes on from another log: the first %d records are not here.\n", s.First-1)
	}
	return nil
}

// showLog prints what was chosen.
func (a *app) showLog(log io.Reader, f *logFlags, s *auditlog.Selection) error {
	switch f.format {
	case "csv":
		return a.logCSV(log, f, s)
	case "json", "jsonl":
		return a.logLines(log, f, s)
	}
	var applies []*auditlog.Apply
	byID := map[string]*auditlog.Apply{}
	err := chosen(log, s, func(r *auditlog.Record, _ []byte) error {
		if r.Change != nil && !f.Shows(r) {
			return nil
		}
		of := byID[r.Apply]
		if of == nil {
			of = &auditlog.Apply{ID: r.Apply, At: r.At}
			byID[r.Apply] = of
			applies = append(applies, of)
		}
		of.Add(r)
		return nil
	})
	if err != nil {
		return err
	}
	if f.ID != "" {
		return render.LogApply(a.stdout, applies[0], a.style(a.stdout))
	}
	slices.Reverse(applies)
	return render.LogApplies(a.stdout, applies, s.Older, f.App != "" || f.Who != "", a.style(a.stdout))
}

// chosen hands the records of the applies that were chosen to use. What was
// altered is shown too; that it was is said at the end.
func chosen(log io.Reader, s *auditlog.Selection, use func(*auditlog.Record, []byte) error) error {
	wanted := make(map[string]bool, len(s.Applies))
	for _, id := range s.Applies {
		wanted[id] = true
	}
	for in := auditlog.NewReader(log); ; {
		r, line, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if broken := (*auditlog.BrokenError)(nil); err != nil && (!errors.As(err, &broken) || line == nil) {
			return err
		}
		if !wanted[r.Apply] {
			continue
		}
		if err := use(&r, line); err != nil {
			return err
		}
	}
}

// logCSV prints a row for each record.
func (a *app) logCSV(log io.Reader, f *logFlags, s *auditlog.Selection) error {
	out, err := render.NewLogCSV(a.stdout)
	if err != nil {
		return err
	}
	err = chosen(log, s, func(r *auditlog.Record, _ []byte) error {
		out.Follow(r)
		if !f.Shows(r) {
			return nil
		}
		return out.Write(r)
	})
	return errors.Join(err, out.End())
}

// logLines prints the lines as they stand, or as one document.
func (a *app) logLines(log io.Reader, f *logFlags, s *auditlog.Selection) error {
	between, end := "", ""
	if f.format == "json" {
		fmt.Fprintf(a.stdout, `{"format_version":"1.0","intact":%t,"records":[`+"\n", s.Broken == nil)
		between, end = ",", "]}\n"
	}
	first := true
	err := chosen(log, s, func(r *auditlog.Record, line []byte) error {
		if !f.Shows(r) {
			return nil
		}
		if !first && between != "" {
			if _, err := io.WriteString(a.stdout, between); err != nil {
				return err
			}
		}
		first = false
		_, err := a.stdout.Write(append(bytes.TrimSuffix(line, []byte("\n")), '\n'))
		return err
	})
	if err != nil {
		return err
	}
	_, err = io.WriteString(a.stdout, end)
	return err
}
