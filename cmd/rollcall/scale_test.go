package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/cli"
	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/planfile"
	"github.com/rollcall-dev/rollcall/planner/statefile"
	"github.com/rollcall-dev/rollcall/providers/directory/file"
	"github.com/rollcall-dev/rollcall/schema"
	"github.com/rollcall-dev/rollcall/schema/load"
)

// BenchmarkScale measures what a user waits for at 1k, 10k, 100k and 1M people
// with eight memberships each, one person in a hundred different at the target.
// Each row is a process of its own, so that its peak memory means something,
// with the collector set as the program sets it. Every stage is printed in
// seconds and as a ratio (×) of its cpu to that of a floor, which the same
// process measures when all stages are done and the peak is taken.
func BenchmarkScale(b *testing.B) {
	for _, row := range []struct {
		name   string
		people int
		source string
	}{
		{"csv/1k", 1_000, "csv"}, {"csv/10k", 10_000, "csv"}, {"csv/100k", 100_000, "csv"},
		// One group for a hundred people makes 10,000 groups of the last.
		{"csv/1M", 1_000_000, "csv"},
		{"hcl/1k", 1_000, "hcl"}, {"hcl/10k", 10_000, "hcl"}, {"hcl/100k", 100_000, "hcl"},
	} {
		b.Run(row.name, func(b *testing.B) {
			for range b.N {
				scaleRow(b, row.people, row.source)
			}
		})
	}
}

// scaleRow runs one row in a child process and reports its figures.
func scaleRow(b *testing.B, people int, source string) {
	b.Helper()
	c := exec.Command(os.Args[0], "-test.run=^TestScaleRow$", "-test.v")
	c.Env = append(os.Environ(), fmt.Sprintf("ROLLCALL_SCALE=%d,%s,%s", people, source, b.TempDir()))
	out, err := c.CombinedOutput()
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	_, line, _ := bytes.Cut(out, []byte("SCALE "))
	line, _, _ = bytes.Cut(line, []byte("\n"))
	var row row
	if err := json.Unmarshal(line, &row); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	var total, cpu float64
	for _, s := range row.Stages {
		b.ReportMetric(s.Seconds, s.Name+"-s")
		b.ReportMetric(s.CPU/s.Floor, s.Name+"-×")
		total, cpu = total+s.Seconds, cpu+s.CPU
	}
	b.ReportMetric(total, "total-s")
	b.ReportMetric(cpu, "total-cpu-s")
	b.ReportMetric(row.Peak/1e6, "peak-MB")
	b.ReportMetric(row.Peak/float64(people), "B/person")
	b.ReportMetric(0, "ns/op")
}

// row is what one process measured.
type row struct {
	Stages []stage
	// Peak is the most memory, in bytes, that the stages took.
	Peak float64
}

// stage is one measured step of a row: its wall time, its cpu, and the cpu of
// its floor, in seconds.
type stage struct {
	Name                string
	Seconds, CPU, Floor float64
}

// TestScaleRow is the body of one row of BenchmarkScale. Without the variable
// that names a row it proves the benchmark on a small one.
func TestScaleRow(t *testing.T) {
	people, source, dir := 200, "csv", t.TempDir()
	if row := strings.Split(os.Getenv("ROLLCALL_SCALE"), ","); len(row) == 3 {
		cli.TuneMemory(os.LookupEnv)
		people, _ = strconv.Atoi(row[0])
		source, dir = row[1], row[2]
	}
	w := &world{people: people, dir: dir}
	if err := w.write(source); err != nil {
		t.Fatal(err)
	}
	w.measure(t, source)
	line, err := json.Marshal(w.row)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(t.Output(), "SCALE %s\n", line)
}

// groupsOf is how many groups each person is in.
const groupsOf = 8

// world is a made-up organisation and what was measured on it.
type world struct {
	people int
	dir    string
	// service is the base URL of the target; made up where nobody asks it.
	service string
	row     row
	floors  []func()
}

func (w *world) groups() int { return min(max(w.people/100, 10), 10_000) }

func (w *world) group(person, i int) int { return (person*7 + i*i*31 + i) % w.groups() }

// time measures step now, and floor when all steps are done.
func (w *world) time(name string, step, floor func()) {
	began, before := time.Now(), usage()
	step()
	after := usage()
	w.row.Stages = append(w.row.Stages, stage{Name: name, Seconds: time.Since(began).Seconds(), CPU: cpuOf(after) - cpuOf(before)})
	w.row.Peak = peak()
	w.floors = append(w.floors, floor)
}

// timeFloors measures what the stages are compared to, each with memory that it has to
// fault in as the stages had to.
// A limit of memory would count against the floors what the stages hold.
func (w *world) timeFloors() {
	debug.SetMemoryLimit(math.MaxInt64)
	for i, floor := range w.floors {
		debug.FreeOSMemory()
		before := usage()
		floor()
		w.row.Stages[i].Floor = cpuOf(usage()) - cpuOf(before)
	}
}

// usage is what the process has used so far.
func usage() syscall.Rusage {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return u
}

// peak is the most memory that the process has had, in bytes. Where it can, it
// asks for that of the program alone: ru_maxrss counts the parent's too.
func peak() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, found := bytes.Cut(status, []byte("VmHWM:"))
	if fields := bytes.Fields(rest); found && len(fields) > 0 {
		if kib, err := strconv.ParseFloat(string(fields[0]), 64); err == nil {
			return kib * 1024
		}
	}
	return float64(usage().Maxrss) * 1024
}

func cpuOf(u syscall.Rusage) float64 {
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// write makes the configuration: half of the groups assigned, all of them pushed.
func (w *world) write(source string) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "target \"scim\" \"t\" {\n  base_url = %q\n}\n\n", cmp.Or(w.service, "https://scim.example.com"))
	b.WriteString("app \"a\" {\n  target = target.scim.t\n}\n\n")
	b.WriteString("push_rule \"all\" {\n  app = app.a\n\n  match {\n    name_prefix = \"g\"\n  }\n}\n\n")
	b.WriteString("assignment \"half\" {\n  app = app.a\n  groups = [\n")
	for g := 0; g < w.groups(); g += 2 {
		fmt.Fprintf(&b, "    group.g%d,\n", g)
	}
	b.WriteString("  ]\n}\n")
	if source == "csv" {
		b.WriteString("\ndirectory \"file\" \"hr\" {\n  path = \"people.csv\"\n}\n")
	}
	return errors.Join(os.WriteFile(filepath.Join(w.dir, "main.hcl"), b.Bytes(), 0o600), w.writeGroups(source), w.writePeople(source))
}

func (w *world) writeGroups(source string) error {
	var members [][]int
	if source == "hcl" {
		members = make([][]int, w.groups())
		for p := range w.people {
			for i := range groupsOf {
				g := w.group(p, i)
				members[g] = append(members[g], p)
			}
		}
	}
	return w.parts("groups", w.groups(), func(b *bytes.Buffer, g int) {
		fmt.Fprintf(b, "group \"g%d\" {\n", g)
		if source == "csv" {
			fmt.Fprintf(b, "  from = directory.file.hr.groups[\"g%d\"]\n}\n\n", g)
			return
		}
		b.WriteString("  members = [\n")
		for _, p := range members[g] {
			fmt.Fprintf(b, "    user.u%d,\n", p)
		}
		b.WriteString("  ]\n}\n\n")
	})
}

func (w *world) writePeople(source string) error {
	if source == "csv" {
		var b bytes.Buffer
		b.WriteString("login,first_name,last_name,department,title,employee_number,groups\n")
		for p := range w.people {
			fmt.Fprintf(&b, "%s,First%d,Last%d,Department %d,Title %d,%d,", login(p), p%5000, p%20000, p%40, p%300, p)
			for i := range groupsOf {
				fmt.Fprintf(&b, "g%d;", w.group(p, i))
			}
			b.WriteString("\n")
		}
		return os.WriteFile(filepath.Join(w.dir, "people.csv"), b.Bytes(), 0o600)
	}
	return w.parts("people", w.people, func(b *bytes.Buffer, p int) {
		fmt.Fprintf(b, "user \"u%d\" {\n  login           = %q\n  first_name      = \"First%d\"\n  last_name       = \"Last%d\"\n", p, login(p), p%5000, p%20000)
		fmt.Fprintf(b, "  department      = \"Department %d\"\n  title           = \"Title %d\"\n  employee_number = \"%d\"\n}\n\n", p%40, p%300, p)
	})
}

// parts writes n blocks into files of at most half a mebibyte.
func (w *world) parts(name string, n int, block func(*bytes.Buffer, int)) error {
	var b bytes.Buffer
	files := 0
	flush := func() error {
		files++
		defer b.Reset()
		return os.WriteFile(filepath.Join(w.dir, fmt.Sprintf("%s%04d.hcl", name, files)), b.Bytes(), 0o600)
	}
	for i := range n {
		block(&b, i)
		if b.Len() > 512<<10 {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

func login(p int) string { return fmt.Sprintf("person%07d@example.com", p) }

// measure runs every stage of a plan.
func (w *world) measure(t *testing.T, source string) {
	desired := w.desired(t, source)
	state, remote := w.target(desired)
	state = w.state(t, state)
	plan := w.compute(t, desired, state, remote)
	w.planFile(t, plan)
	w.timeFloors()
}

// desired reads the configuration and the directory, and works out who must
// have what.
func (w *world) desired(t *testing.T, source string) *planner.Desired {
	cfg := w.load(t)
	facts := planner.Facts{
		AsOf:         time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		Directories:  map[schema.Address]*schema.Directory{},
		Capabilities: map[schema.Address]planner.Capabilities{"target.scim.t": capabilities},
	}
	if source == "csv" {
		d := w.directory(t, &cfg.Directories[0])
		facts.Directories[d.Address] = d
	}
	var desired *planner.Desired
	w.time("resolve", func() {
		var found schema.Diagnostics
		if desired, found = planner.Resolve(cfg, facts); found.HasErrors() {
			t.Fatalf("resolve: %+v", found[0])
		}
	}, func() { resolveFloor(desired, source) })
	return desired
}

var capabilities = planner.Capabilities{Dialect: "scim", Members: planner.MembersFull, CreateWithMembers: true, MembersPerRequest: 100}

func (w *world) load(t *testing.T) *schema.Config {
	var cfg *schema.Config
	limits := load.Limits{TreeBytes: 1 << 30, Files: 100_000}
	w.time("load", func() {
		var found schema.Diagnostics
		if cfg, _, found = load.Load(os.DirFS(w.dir), load.Options{Limits: limits, Version: "0.1.0"}); found.HasErrors() {
			t.Fatalf("load: %+v", found[0])
		}
	}, func() { parseFloor(t, w.dir) })
	return cfg
}

func (w *world) directory(t *testing.T, block *schema.DirectoryBlock) *schema.Directory {
	var d *schema.Directory
	w.time("roster", func() {
		var found schema.Diagnostics
		if d, found = file.Read(os.DirFS(w.dir), block, file.Limits{}); found.HasErrors() {
			t.Fatalf("directory: %+v", found[0])
		}
	}, func() { csvFloor(t, filepath.Join(w.dir, "people.csv")) })
	return d
}

// target is a target that is as declared, but for one person in a hundred, and
// the state that goes with it.
func (w *world) target(d *planner.Desired) (*planner.State, *planner.Remote) {
	remote := &planner.Remote{Target: "target.scim.t", Identity: "https://scim.example.com", Complete: true, Capabilities: capabilities}
	assigned, at := w.assigned(d), make([]int32, len(d.People))
	app := planner.AppState{App: "a", Identity: remote.Identity}
	for p := range d.People {
		at[p] = -1
		if !assigned[p] {
			continue
		}
		at[p] = int32(len(remote.Users))
		user, link := account(d, p)
		remote.Users = append(remote.Users, user)
		app.Users = append(app.Users, link)
	}
	for g := range d.Groups {
		if d.Groups[g].Block == nil {
			continue
		}
		group, link := pushed(d, g, at, remote.Users)
		remote.Groups = append(remote.Groups, group)
		app.Groups = append(app.Groups, link)
	}
	slices.SortFunc(remote.Groups, func(a, b planner.RemoteGroup) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(app.Users, func(a, b planner.UserLink) int { return cmp.Compare(a.Key, b.Key) })
	slices.SortFunc(app.Groups, func(a, b planner.GroupLink) int { return cmp.Compare(a.Key, b.Key) })
	return &planner.State{Lineage: "bench", Serial: 1, Apps: []planner.AppState{app}}, remote
}

// assigned says who is in an assigned group: one with an even number.
func (w *world) assigned(d *planner.Desired) []bool {
	assigned := make([]bool, len(d.People))
	for g := range d.Groups {
		n, _ := strconv.Atoi(strings.TrimPrefix(d.Groups[g].Name, "g"))
		if n%2 != 0 {
			continue
		}
		for _, p := range d.Groups[g].Members {
			assigned[p] = true
		}
	}
	return assigned
}

func account(d *planner.Desired, p int) (planner.RemoteUser, planner.UserLink) {
	u := &d.People[p]
	first, _ := u.Attribute("first_name")
	last, _ := u.Attribute("last_name")
	if p%100 == 0 {
		last += " of old"
	}
	values := []schema.Value{
		{Path: "displayName", Value: first + " " + last},
		{Path: `emails[type eq "work"].value`, Value: u.Login},
		{Path: "name.familyName", Value: last},
		{Path: "name.givenName", Value: first},
	}
	id := fmt.Sprintf("id-%08d", p)
	return planner.RemoteUser{ID: id, UserName: u.Login, ExternalID: u.Login, Active: true, Attributes: values},
		planner.UserLink{Key: u.Key(), RemoteID: id, ExternalID: u.Login, UserName: u.Login, Active: true, Source: planner.SourceGroup, Attributes: values}
}

func pushed(d *planner.Desired, g int, at []int32, users []planner.RemoteUser) (planner.RemoteGroup, planner.GroupLink) {
	have := &d.Groups[g]
	id := fmt.Sprintf("group-%06d", g)
	remote := planner.RemoteGroup{ID: id, DisplayName: have.Name, MembersKnown: true}
	link := planner.GroupLink{Key: have.Key, Push: "push_rule.all", RemoteID: id, DisplayName: have.Name, Pushed: true, OnUnpush: schema.UnpushEmpty}
	for i, p := range have.Members {
		if at[p] < 0 || i%20 == 0 && g%5 == 0 {
			continue
		}
		remote.Members = append(remote.Members, uint32(at[p]))
		link.Members = append(link.Members, users[at[p]].ID)
	}
	return remote, link
}

func (w *world) compute(t *testing.T, d *planner.Desired, s *planner.State, r *planner.Remote) *planner.Plan {
	var plan *planner.Plan
	w.time("compute", func() {
		var err error
		plan, err = planner.Compute(planner.Input{Desired: d, State: s, Remotes: map[schema.Address]*planner.Remote{r.Target: r}})
		if err != nil {
			t.Fatal(err)
		}
	}, func() { compareFloor(d, &s.Apps[0], r) })
	if users := plan.Summary.Users[planner.Update]; users == 0 || users > w.people/50 {
		t.Errorf("the plan updates %d of %d people, want about one in a hundred", users, w.people)
	}
	if plan.Summary.Members.Add == 0 || plan.Summary.Members.Remove != 0 {
		t.Errorf("the plan adds %d and removes %d members, want some and none", plan.Summary.Members.Add, plan.Summary.Members.Remove)
	}
	return plan
}

// planFile writes the plan; the floor is encoding/json on plain structs, and
// SHA-256 over what it wrote.
func (w *world) planFile(t *testing.T, p *planner.Plan) {
	w.time("planfile", func() {
		if err := planfile.Encode(io.Discard, p, planfile.Meta{RollcallVersion: "0.1.0"}); err != nil {
			t.Fatal(err)
		}
	}, func() {
		e := json.NewEncoder(sha256.New())
		for i := range p.Changes {
			_ = e.Encode(&p.Changes[i])
		}
		for i := range p.Withheld {
			_ = e.Encode(&p.Withheld[i])
		}
	})
}

// state writes the state to a file and reads it again, and returns what it has
// read; the floor is encoding/json on a plain struct a link, both ways.
func (w *world) state(t *testing.T, s *planner.State) *planner.State {
	name := filepath.Join(w.dir, "state.jsonl")
	var read *planner.State
	w.time("state", func() {
		withFile(t, name, os.Create, func(f *os.File) error { return statefile.Encode(f, s) })
		s = nil
		withFile(t, name, os.Open, func(f *os.File) (err error) {
			read, err = statefile.Decode(f)
			return err
		})
	}, func() { jsonFloor(t, name+".floor", &read.Apps[0]) })
	return read
}

// withFile opens a file for the time that do takes.
func withFile(t *testing.T, name string, open func(string) (*os.File, error), do func(*os.File) error) {
	f, err := open(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(do(f), f.Close()); err != nil {
		t.Fatal(err)
	}
}
