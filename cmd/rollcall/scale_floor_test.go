package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/rollcall-dev/rollcall/planner"
)

// parseFloor is hclsyntax on every file of the configuration.
func parseFloor(t *testing.T, dir string) {
	files, err := filepath.Glob(filepath.Join(dir, "*.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, found := hclsyntax.ParseConfig(source, name, hcl.InitialPos); found.HasErrors() {
			t.Fatal(found)
		}
	}
}

// csvFloor is encoding/csv on the file, records reused, with the names of the
// groups cut from each other and looked up.
func csvFloor(t *testing.T, name string) {
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.ReuseRecord = true
	groups := make(map[string]int)
	for {
		record, err := r.Read()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for name := range strings.SplitSeq(record[len(record)-1], ";") {
			if _, known := groups[name]; !known {
				groups[strings.Clone(name)] = len(groups)
			}
		}
	}
}

// resolveFloor makes numbers of all logins with a plain map and sorts every
// group's members. The members of blocks are names too, to be looked up each;
// those of a directory have been numbers since it was read.
func resolveFloor(d *planner.Desired, source string) {
	ids := make(map[string]uint32, len(d.People))
	for i := range d.People {
		ids[d.People[i].Login] = uint32(i)
	}
	for g := range d.Groups {
		members := make([]uint32, 0, len(d.Groups[g].Members))
		for _, p := range d.Groups[g].Members {
			if source == "hcl" {
				p = ids[d.People[p].Login]
			}
			members = append(members, p)
		}
		slices.Sort(members)
		sink += len(members)
	}
}

// sink keeps what a floor computes from being optimised away.
var sink int

// compareFloor does what no comparison can do without: it ties the state's
// names and ids to people and accounts by plain maps, compares attribute by
// attribute, and merges who must be in each group with who is. It decides
// nothing and explains nothing.
func compareFloor(d *planner.Desired, a *planner.AppState, r *planner.Remote) {
	links, accounts := make(map[string]int, len(a.Users)), make(map[string]uint32, len(r.Users))
	for i := range a.Users {
		links[a.Users[i].Key] = i
	}
	for i := range r.Users {
		accounts[r.Users[i].ID] = uint32(i)
	}
	at, different := make([]uint32, len(d.People)), 0
	for p := range d.People {
		i, ok := links[d.People[p].Key()]
		if !ok {
			continue
		}
		at[p] = accounts[a.Users[i].RemoteID] + 1
		for k, v := range r.Users[at[p]-1].Attributes {
			if a.Users[i].Attributes[k].Value != v.Value {
				different++
			}
		}
	}
	groups := make(map[string]*planner.RemoteGroup, len(r.Groups))
	for i := range r.Groups {
		groups[r.Groups[i].DisplayName] = &r.Groups[i]
	}
	var out []planner.Withheld
	for i := range d.Groups {
		if g := groups[d.Groups[i].Name]; g != nil && d.Groups[i].Block != nil {
			out = mergeFloor(d, &d.Groups[i], g, at, out)
		}
	}
	sink = different + len(out)
}

// mergeFloor compares one group, and lists who has no account.
func mergeFloor(d *planner.Desired, g *planner.Group, is *planner.RemoteGroup, at []uint32, out []planner.Withheld) []planner.Withheld {
	want := make([]uint32, 0, len(g.Members))
	for _, p := range g.Members {
		if at[p] == 0 {
			out = append(out, planner.Withheld{Group: g.Name, Login: d.People[p].Login})
			continue
		}
		want = append(want, at[p]-1)
	}
	slices.Sort(want)
	for _, have := range is.Members {
		if len(want) > 0 && want[0] == have {
			want = want[1:]
		}
	}
	sink += len(want)
	return out
}

// jsonFloor is encoding/json on a plain struct a link, there and back.
func jsonFloor(t *testing.T, name string, a *planner.AppState) {
	withFile(t, name, os.Create, func(f *os.File) error {
		b := bufio.NewWriterSize(f, 1<<16)
		e := json.NewEncoder(io.MultiWriter(b, sha256.New()))
		for i := range a.Users {
			_ = e.Encode(&a.Users[i])
		}
		for i := range a.Groups {
			_ = e.Encode(&a.Groups[i])
		}
		return b.Flush()
	})
	withFile(t, name, os.Open, func(f *os.File) error {
		d := json.NewDecoder(f)
		for range a.Users {
			if err := d.Decode(new(planner.UserLink)); err != nil {
				return err
			}
		}
		for range a.Groups {
			if err := d.Decode(new(planner.GroupLink)); err != nil {
				return err
			}
		}
		return nil
	})
}
