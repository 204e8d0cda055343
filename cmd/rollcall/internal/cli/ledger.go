package cli

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// apps yields the apps of s that name fits: all without one.
func apps(s *planner.State, name string) []*planner.AppState {
	var list []*planner.AppState
	name = strings.TrimPrefix(name, "app.")
	for i := range s.Apps {
		if name == "" || s.Apps[i].App == name {
			list = append(list, &s.Apps[i])
		}
	}
	return list
}

// listState prints app and key of every object.
func (a *app) listState(s *planner.State, name string) error {
	list := apps(s, name)
	if len(list) == 0 && len(s.Apps) > 0 {
		return noApp(s, name)
	}
	for _, app := range list {
		for i := range app.Users {
			a.listed(app, app.Users[i].Key)
		}
		for i := range app.Groups {
			a.listed(app, app.Groups[i].Key)
		}
	}
	return nil
}

func (a *app) listed(app *planner.AppState, key string) {
	fmt.Fprintf(a.stdout, "app.%s %s\n", render.Terminal(app.App), render.Terminal(key))
}

// ledgerEntry is what `state show` prints of one object.
type ledgerEntry struct {
	App        string         `json:"app"`
	Kind       planner.Kind   `json:"kind"`
	Key        string         `json:"key"`
	RemoteID   string         `json:"remote_id"`
	ExternalID string         `json:"external_id,omitempty"`
	Name       string         `json:"name"`
	Active     *bool          `json:"active,omitempty"`
	Source     planner.Source `json:"source,omitempty"`
	Attributes map[string]any `json:"attributes,omitzero"`
	Protected  bool           `json:"protected,omitempty"`
	OnUnassign string         `json:"on_unassign,omitempty"`
	Push       string         `json:"push,omitempty"`
	OnUnpush   string         `json:"on_unpush,omitempty"`
	Additive   bool           `json:"additive,omitempty"`
	Pushed     *bool          `json:"pushed,omitempty"`
	Members    []string       `json:"members,omitzero"`
	File       string         `json:"file,omitempty"`
	Line       uint32         `json:"line,omitempty"`
}

// showObject prints what the state knows of key.
func (a *app) showObject(s *planner.State, name, key string) error {
	found := []ledgerEntry{}
	for _, app := range apps(s, name) {
		if u := userLink(app, key); u != nil {
			found = append(found, userEntry(app.App, u))
		}
		if g := groupLink(app, key); g != nil {
			found = append(found, groupEntry(app.App, g))
		}
	}
	if len(found) == 0 {
		return notInState(s, name, key)
	}
	return a.printJSON(found)
}

func userEntry(app string, u *planner.UserLink) ledgerEntry {
	e := ledgerEntry{
		App: app, Kind: planner.KindUser, Key: u.Key, RemoteID: u.RemoteID, ExternalID: u.ExternalID,
		Name: u.UserName, Active: &u.Active, Source: u.Source, File: u.Origin.File, Line: u.Origin.Line,
		Protected: u.Protected, OnUnassign: string(u.OnUnassign),
		Attributes: make(map[string]any, len(u.Attributes)),
	}
	for _, v := range u.Attributes {
		e.Attributes[v.Path] = v.Value
	}
	return e
}

func groupEntry(app string, g *planner.GroupLink) ledgerEntry {
	return ledgerEntry{
		App: app, Kind: planner.KindGroup, Key: g.Key, RemoteID: g.RemoteID, ExternalID: g.ExternalID,
		Protected: g.Protected, OnUnpush: string(g.OnUnpush), Additive: g.Additive,
		Name: g.DisplayName, Push: g.Push, Pushed: &g.Pushed, Members: append([]string{}, g.Members...), File: g.Origin.File, Line: g.Origin.Line,
	}
}

func userLink(app *planner.AppState, key string) *planner.UserLink {
	for i := range app.Users {
		if app.Users[i].Key == key {
			return &app.Users[i]
		}
	}
	return nil
}

func groupLink(app *planner.AppState, key string) *planner.GroupLink {
	for i := range app.Groups {
		if app.Groups[i].Key == key {
			return &app.Groups[i]
		}
	}
	return nil
}

// noApp says that the state has no app called name, with one that is close.
func noApp(s *planner.State, name string) error {
	names := make([]string, len(s.Apps))
	for i := range s.Apps {
		names[i] = s.Apps[i].App
	}
	name = strings.TrimPrefix(name, "app.")
	return fmt.Errorf("the state has no app %q%s", name, didYouMean(name, names, ""))
}

// notInState says that a key leads nowhere, with one that is close.
func notInState(s *planner.State, name, key string) error {
	if len(apps(s, name)) == 0 && name != "" {
		return noApp(s, name)
	}
	var keys []string
	for _, app := range apps(s, name) {
		for i := range app.Users {
			keys = append(keys, app.Users[i].Key)
		}
		for i := range app.Groups {
			keys = append(keys, app.Groups[i].Key)
		}
	}
	if close := didYouMean(key, keys, ""); close != "" {
		return fmt.Errorf("the state has no object %q%s", key, close)
	}
	return fmt.Errorf("the state has no object %q; \"rollcall state list\" shows what it has, by key", key)
}

// keyForm is how a person or a group is written: by block, or by directory.
var keyForm = regexp.MustCompile(`^((user|group)\.[\p{L}_][\p{L}\p{N}_-]*|directory\.[^"]+\.(users|groups)\["[^"]+"\])$`)

// moveObject gives the object with the key from the key to.
func moveObject(s *planner.State, name, from, to string) error {
	if schema.Address(from).Type() == "app" {
		return fmt.Errorf("move %q to %q: a whole app follows a moved block in the configuration", from, to)
	}
	if schema.Address(from).Type() != schema.Address(to).Type() {
		return fmt.Errorf("move %q to %q: they are of different types", from, to)
	}
	if !keyForm.MatchString(to) {
		return fmt.Errorf("move %q to %q: that is no key; one is written user.NAME, group.NAME, "+
			"directory.KIND.NAME.users[\"ID\"] or directory.KIND.NAME.groups[\"NAME\"]", from, to)
	}
	moved := 0
	for _, app := range apps(s, name) {
		if userLink(app, to) != nil || groupLink(app, to) != nil {
			return fmt.Errorf("move %q to %q: the state has that object already, in app.%s", from, to, app.App)
		}
		if u := userLink(app, from); u != nil {
			u.Key = to
			moved++
		}
		if g := groupLink(app, from); g != nil {
			g.Key = to
			moved++
		}
		sortApp(app)
	}
	if moved == 0 {
		return notInState(s, name, from)
	}
	return nil
}

// removeObject forgets the object with key, and says what guards still know of it.
func (a *app) removeObject(s *planner.State, name, key string) error {
	if schema.Address(key).Type() == "app" {
		return a.removeApp(s, name, key)
	}
	removed := 0
	for _, app := range apps(s, name) {
		rebuilt := app.Rebuilt
		if app.Forget(key, a.now()) {
			removed++
			a.forgot(app, 1, !app.Rebuilt.Equal(rebuilt))
		}
	}
	if removed == 0 {
		return notInState(s, name, key)
	}
	return nil
}

// removeApp forgets all of an app, as where its target is another service now.
// Once nothing is left to guards either, its name goes too.
func (a *app) removeApp(s *planner.State, name, key string) error {
	if name != "" && "app."+strings.TrimPrefix(name, "app.") != key {
		return fmt.Errorf("forget %s with -app=%s: those are two apps; leave -app out", key, name)
	}
	at := slices.IndexFunc(s.Apps, func(app planner.AppState) bool { return "app."+app.App == key })
	if at < 0 {
		return fmt.Errorf("the state has no app %q; \"rollcall state list\" shows what it has", key)
	}
	app := &s.Apps[at]
	until := app.Remembers()
	n := len(app.Users) + len(app.Groups)
	if n == 0 && a.now().Before(until) {
		return fmt.Errorf("the state has no object of %s, and what was taken away from it counts for guards until %s: it can be forgotten then",
			key, until.Format(time.RFC3339))
	}
	if a.now().Before(until) {
		rebuilt := app.Rebuilt
		app.ForgetAll(a.now())
		a.forgot(app, n, !app.Rebuilt.Equal(rebuilt))
		return nil
	}
	s.Apps = slices.Delete(s.Apps, at, at+1)
	a.say(fmt.Sprintf("Forgot %s with %d objects.", render.Terminal(key), n))
	return nil
}

// forgot says what of an app was forgotten, and what guards still count of it.
// Unknown: how far a group was emptied is not known any more.
func (a *app) forgot(app *planner.AppState, n int, unknown bool) {
	name, until := "app."+render.Terminal(app.App), app.Remembers()
	text := fmt.Sprintf("%s: forgot %d of what it owns.", name, n)
	switch {
	case unknown:
		text += " Members were taken from a group within the guards' window, which is forgotten with it: nothing may be taken away " +
			"from the app before " + until.Format(time.RFC3339) + " but by a waiver."
	case a.now().Before(until):
		text += " What was taken away from it counts for guards until " + until.Format(time.RFC3339) + ", also where it is owned again."
	}
	a.say(text)
}

func sortApp(app *planner.AppState) {
	slices.SortFunc(app.Users, func(a, b planner.UserLink) int { return cmp.Compare(a.Key, b.Key) })
	slices.SortFunc(app.Groups, func(a, b planner.GroupLink) int { return cmp.Compare(a.Key, b.Key) })
}

// replaceState makes s what pushed is, as the next serial of what is there.
func replaceState(s, pushed *planner.State, force bool) error {
	switch {
	case force || s.Lineage == "":
	case pushed.Lineage != s.Lineage:
		return fmt.Errorf("push a state of the lineage %q over one of %q: they are different ledgers; -force replaces it", pushed.Lineage, s.Lineage)
	case pushed.Serial < s.Serial:
		return fmt.Errorf("push the serial %d over %d: it is older; -force replaces it", pushed.Serial, s.Serial)
	}
	// The place keeps its lineage; an empty one gets one with its first save.
	s.Replace(pushed)
	return nil
}
