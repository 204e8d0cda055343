package planfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/internal/arbitrary"
	"github.com/rollcall-dev/rollcall/planner/internal/wire"
	"github.com/rollcall-dev/rollcall/planner/planfile"
)

func decode(b []byte) (*planner.Plan, planfile.Meta, error) {
	return planfile.Decode(bytes.NewReader(b))
}

func TestAnyPlanComesBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		plan, meta := arbitrary.Of[planner.Plan](t), arbitrary.Of[planfile.Meta](t)
		var b bytes.Buffer
		if err := planfile.Encode(&b, &plan, meta); err != nil {
			t.Fatal(err)
		}
		got, gotMeta, err := decode(b.Bytes())
		if err != nil {
			t.Fatalf("%v\n%s", err, b.Bytes())
		}
		if d := cmp.Diff(got, &plan, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("plan (-got +want):\n%s", d)
		}
		if gotMeta != meta {
			t.Fatalf("meta: got %v, want %v", gotMeta, meta)
		}
	})
}

func TestAnyChangeComesBackFromAJournal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := arbitrary.Of[planner.Change](t)
		b, err := planfile.AppendChange(nil, &c)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.ContainsRune(b, '\n') {
			t.Fatalf("the change takes more than one line: %s", b)
		}
		got, err := planfile.ParseChange(b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(got, c, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("change (-got +want):\n%s", d)
		}
	})
}

// TestEveryFormIsRead reads files that each form of the format wrote: the first,
// and each that something was added to. They are never written anew: a reader of
// today must read what was written then.
func TestEveryFormIsRead(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]*planner.Plan{
		"testdata/v1.0.json": firstForm(), "testdata/v1.0-guards.json": undated(example()), "testdata/v1.0-dated.json": example(),
	} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got, meta, err := decode(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := cmp.Diff(got, want); d != "" {
			t.Errorf("%s (-got +want):\n%s", name, d)
		}
		if meta.RollcallVersion != "0.1.0" {
			t.Errorf("%s: version is %q, want 0.1.0", name, meta.RollcallVersion)
		}
	}
}

// undated is p as it was before directories had an age.
func undated(p *planner.Plan) *planner.Plan {
	for i := range p.Inputs.Directories {
		p.Inputs.Directories[i].DatedAt, p.Inputs.Directories[i].DatedBy = time.Time{}, ""
	}
	return p
}

func TestDocumentIsTheContract(t *testing.T) {
	t.Parallel()
	golden(t, "testdata/plan.json", encode(t, example()))
	golden(t, "testdata/empty.json", encode(t, &planner.Plan{AsOf: time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)}))
}

// golden compares got with a file, or writes it with UPDATE=1.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if os.Getenv("UPDATE") == "1" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(filepath.FromSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(got), string(want)); d != "" {
		t.Errorf("%s (-got +want):\n%s", path, d)
	}
}

func TestPlanCutAtAnyLengthIsRefused(t *testing.T) {
	t.Parallel()
	whole := bytes.TrimSpace(encode(t, example()))
	for n := range whole {
		if _, _, err := decode(whole[:n]); !errors.Is(err, planfile.ErrAltered) {
			t.Fatalf("the first %d of %d bytes: got %v, want %v", n, len(whole), err, planfile.ErrAltered)
		}
	}
}

func TestPlanWithAnyByteChangedIsRefused(t *testing.T) {
	t.Parallel()
	whole := bytes.TrimSpace(encode(t, example()))
	for i := range whole {
		altered := bytes.Clone(whole)
		altered[i] ^= 1
		if bytes.ContainsAny(whole[i:i+1], " \n") && bytes.ContainsAny(altered[i:i+1], " \n\t\r") {
			continue
		}
		if _, _, err := decode(altered); err == nil {
			t.Fatalf("byte %d (%q to %q) was changed unnoticed", i, whole[i], altered[i])
		}
	}
}

func TestEditedPlanIsRefusedWithAWayOut(t *testing.T) {
	t.Parallel()
	whole := string(encode(t, example()))
	tests := map[string]string{
		"another remote id":      strings.Replace(whole, `"remote_id":"g1"`, `"remote_id":"g2"`, 1),
		"a change taken out":     strings.Replace(whole, `"needs":["twingate/user/user.alice/create"]`, `"needs":[]`, 1),
		"no checksum":            whole[:strings.LastIndex(whole, `,`)] + "}",
		"something behind":       whole + "{}",
		"a member without a ref": strings.Replace(whole, `"remove":["u9"]`, `"remove":[]`, 1),
	}
	for name, altered := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if altered == whole {
				t.Fatal("nothing was altered")
			}
			_, _, err := decode([]byte(altered))
			if !errors.Is(err, planfile.ErrAltered) || !strings.Contains(err.Error(), "make a new plan") {
				t.Errorf("got %v, want %v", err, planfile.ErrAltered)
			}
		})
	}
}

func TestPlanThatWasLaidOutAnewIsRead(t *testing.T) {
	t.Parallel()
	spaced := strings.ReplaceAll(string(encode(t, example())), "\n", "\n\t ")
	if _, _, err := decode([]byte(spaced)); err != nil {
		t.Error(err)
	}
}

// reseal replaces old by new in a plan and gives it the checksum that belongs
// to it, as another version of the format would.
func reseal(t *testing.T, plan []byte, old, with string) []byte {
	t.Helper()
	body := string(plan[:bytes.LastIndexByte(plan, ',')])
	if !strings.Contains(body, old) {
		t.Fatalf("the plan has no %q", old)
	}
	body = strings.Replace(body, old, with, 1)
	d := wire.NewDigest()
	_, _ = d.Write([]byte(body))
	return append([]byte(body), d.Seal()...)
}

func TestVersions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		version, extra string
		want           error
	}{
		{`"1.0"`, "", nil},
		{`"1.7"`, `"news":{"a":[1,{}]},`, nil},
		{`"2.0"`, "", planfile.ErrVersion},
		{`"10.1"`, `"changes":"of another shape",`, planfile.ErrVersion},
		{`"x"`, "", planfile.ErrAltered},
		{`1`, "", planfile.ErrAltered},
	}
	for _, tt := range tests {
		t.Run(tt.version, func(t *testing.T) {
			t.Parallel()
			b := reseal(t, encode(t, example()), `"1.0",`, tt.version+","+tt.extra)
			plan, _, err := decode(b)
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if d := cmp.Diff(plan != nil, tt.want == nil); d != "" {
				t.Errorf("there is a plan (-got +want):\n%s", d)
			}
		})
	}
}

func TestWhatIsNoPlanIsCalledThat(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"[]", `{"version":4}`, "target \"x\" {}", `"plan"`, "{}"} {
		if _, _, err := decode([]byte(text)); !errors.Is(err, planfile.ErrFormat) {
			t.Errorf("%s: got %v, want %v", text, err, planfile.ErrFormat)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(f, example()))
	f.Add([]byte(`{"format_version":"1.0","changes":[{"before":{"a":[{"b":null}]}}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		plan, meta, err := decode(b)
		if (plan == nil) != (err != nil) {
			t.Fatalf("got a plan: %t, and error %v", plan != nil, err)
		}
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := planfile.Encode(&again, plan, meta); err != nil {
			t.Fatal(err)
		}
		twice, _, err := decode(again.Bytes())
		if d := cmp.Diff(twice, plan, cmpopts.EquateEmpty()); d != "" || err != nil {
			t.Fatalf("%v, plan (-got +want):\n%s", err, d)
		}
	})
}

// many is a plan of n creates.
func many(n int) *planner.Plan {
	p := example()
	p.Changes = make([]planner.Change, n)
	for i := range p.Changes {
		c := createAlice()
		c.Key, c.Name = fmt.Sprintf("user.u%06d", i), fmt.Sprintf("u%06d@acme.com", i)
		c.ID = "twingate/user/" + c.Key + "/create"
		p.Changes[i] = c
	}
	return p
}

func BenchmarkEncode(b *testing.B) {
	p := many(100_000)
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(int64(len(encode(b, p))))
	}
}

func BenchmarkDecode(b *testing.B) {
	doc := encode(b, many(100_000))
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := decode(doc); err != nil {
			b.Fatal(err)
		}
	}
}
