package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/schema"
)

// reports collect what is worth knowing about one app's comparison.
type reports struct {
	gone, notFound, nameCase, updateDisabled tally
	deactivateDisabled                       tally
	suspendedNew, suspendedKept              tally
	adopted, idDiffers, userNames            tally
	groupGone, noRename, unreadable          tally
	unmanagedUsers, unmanagedGroups          tally
}

// reportUsers turns the collected people into findings.
func (c *comparison) reportUsers() {
	for i := range c.changes {
		if ch := &c.changes[i]; ch.Kind == KindUser && ch.Requests > 0 {
			c.noteRename(ch)
		}
	}
	r := &c.reports
	warn := func(t *tally, code schema.Code, summary, detail string) {
		t.finding(c.found, schema.Diagnostic{Severity: schema.Warning, Code: code, Summary: summary}, detail)
	}
	info := func(t *tally, code schema.Code, summary, detail string) {
		t.finding(c.found, schema.Diagnostic{Severity: schema.Info, Code: code, Summary: summary}, detail)
	}
	warn(&r.gone, "target-gone", "Account gone from the target",
		"The {account|accounts} of {} {was|were} deleted at the target, and not from here. Whoever is assigned gets a new one.")
	warn(&r.notFound, "match-not-found", "No account, and none may be made",
		"{} {is|are} assigned and {has|have} no account at the target, and the app says create_users = false. Make the {account|accounts} there, or let the app create them.")
	warn(&r.updateDisabled, "update-disabled", "Attributes differ and stay",
		"The {account|accounts} of {} {differs|differ} from the configuration and {stays|stay} so, because the app says update_user_attributes = false.")
	why := "the target cannot deactivate accounts, and on_unassign does not say \"delete\"."
	if !c.mayDeactivate() {
		why = "the app says deactivate_users = false."
	}
	warn(&r.deactivateDisabled, "deactivate-disabled", "Account stays active",
		"{} {is|are} not assigned and {keeps|keep} an active account, because "+why)
	warn(&r.suspendedNew, "suspended-not-created", "Suspended people get no account",
		"{} {is|are} SUSPENDED and {has|have} no account at the target. None is made before the suspension ends.")
	warn(&r.suspendedKept, "suspended-retained", "Suspended people keep their accounts",
		"{} {is|are} SUSPENDED, and {the account stays|their accounts stay} active. Set on_suspended = \"deactivate\" on the app to take access away.")
	warn(&r.userNames, "user-name-change", "User name changes",
		"The user {name changes|names change} at the target, and the {account stays|accounts stay} the same: {}.")
	warn(&r.idDiffers, "external-id-differs", "External id stays as it is",
		"Adopted with an external id that is not ours: {}. The target's {value is|values are} kept.")
	info(&r.nameCase, "user-name-case", "User name differs in case",
		"The user {name|names} of {} {has|have} other capitals at the target. Names are compared without case, so this is left as it is.")
	info(&r.adopted, "adopted", "Accounts adopted",
		"{} {exists|exist} at the target already. The {account is|accounts are} ours from now on.")
}

func (c *comparison) noteRename(ch *Change) {
	at, there := c.remote.UserAt(ch.RemoteID)
	if !there || lookup(ch.After, pathUserName) == nil || strings.HasSuffix(ch.ID, temporaryStep) {
		return
	}
	// A name that was only there on the way is not what the account was called.
	c.reports.userNames.add(fmt.Sprintf("%v (was %s)", lookup(ch.After, pathUserName), c.remote.Users[at].UserName), ch.Key, ch.Link.Origin)
}

// reportAdoption notes an account that becomes ours.
func (c *comparison) reportAdoption(p Person, account *RemoteUser, id string) {
	u := &c.d.People[p]
	if e := c.entry(p); e != nil && (e.recovered || e.RemoteID == account.ID && e.declared == nil) {
		return
	}
	c.reports.adopted.add(account.UserName, u.Key(), u.Origin)
	if account.ExternalID != "" && account.ExternalID != externalID(u) {
		c.reports.idDiffers.add(fmt.Sprintf("%s (%s)", account.UserName, id), u.Key(), u.Origin)
	}
}

// reportWithheld lists the people of a pushed group who are not pushed.
func (c *comparison) reportWithheld(w *pushed) {
	var unassigned tally
	losing := false
	for i, p := range w.group.Members {
		missing := c.missing(w, p)
		if missing == "" {
			continue
		}
		u, origin := &c.d.People[p], c.d.placeOf(w.group, i)
		if missing == missingAssigned && u.Status != schema.Deprovisioned {
			unassigned.add(u.Login, w.group.Key, originOr(origin, w.Origin))
			losing = losing || c.at[p] != 0 && c.remote.Users[c.at[p]-1].Active && c.link[p] != 0
		}
		c.plan.Withheld = append(c.plan.Withheld, Withheld{
			App: c.app.Name, Group: w.Name, Login: u.Login, Missing: missing, Origin: origin,
		})
	}
	advice := "Pushing a group gives nobody an account: assign the group, or the {person|people}."
	if losing {
		advice = "{This person|At least one of them} HAS an account and LOSES it: membership of a pushed group does not keep an account, only an assignment does."
	}
	unassigned.finding(c.found, schema.Diagnostic{
		Severity: schema.Warning, Code: "push-member-unassigned", Summary: "Members of a pushed group without the app",
	}, "{} {is|are} in {}, which is pushed, but {is|are} not assigned to {}. "+advice, w.group.Key, string(c.app.Address))
}

// The conditions of being pushed that may not hold.
const (
	missingAssigned = "assigned"
	missingActive   = "active"
	missingPresent  = "present"
)

// missing is the condition for want of which p is not pushed; empty for who is.
func (c *comparison) missing(w *pushed, p Person) string {
	f, status := c.fate[p], c.d.People[p].Status
	switch {
	case f&(eligible|frozen) == eligible:
		return ""
	case !c.s.Assigned(c.d, p):
		return missingAssigned
	case f&frozen != 0 && c.isMember(w, c.at[p]-1):
		return ""
	case f&frozen == 0 && f&absent != 0 && status != schema.Suspended:
		return missingPresent
	default:
		return missingActive
	}
}

// growWithheld makes room for everyone in a pushed group who is not pushed: in
// a large company there may be millions.
func (c *comparison) growWithheld() {
	n := 0
	for i := range c.s.Pushes {
		for _, p := range c.d.Groups[c.s.Pushes[i].Group].Members {
			if c.fate[p]&eligible == 0 {
				n++
			}
		}
	}
	c.plan.Withheld = slices.Grow(c.plan.Withheld, n)
}

// memberOrigin is the place that makes p a member of g.
func (d *Desired) memberOrigin(g uint32, p Person) schema.Origin {
	group := &d.Groups[g]
	i, ok := slices.BinarySearch(group.Members, p)
	if !ok {
		return schema.Origin{}
	}
	return d.placeOf(group, i)
}

// placeOf is the place that makes the i-th of g's members one.
func (d *Desired) placeOf(g *Group, i int) schema.Origin {
	if v := g.via[i]; v.kind() != viaInclude {
		return g.originOf(v)
	}
	return d.memberOrigin(g.includes[g.via[i].index()], g.Members[i])
}

// originOf is the place of the member, included group, rule or directory's
// group that v stands for.
func (g *Group) originOf(v via) schema.Origin {
	switch v.kind() {
	case viaMember:
		return originOr(g.Block.Members[v.index()].Origin, g.Origin)
	case viaInclude:
		return originOr(g.Block.IncludeGroups[v.index()].Origin, g.Origin)
	case viaRule:
		return originOr(g.Block.Rules[v.index()].Origin, g.Origin)
	default:
		return originOr(g.from.Origin, g.Origin)
	}
}

// reportPaused says whom a paused push keeps in its group.
func (c *comparison) reportPaused(w *pushed) {
	if w.at == nil || !w.at.MembersKnown {
		return
	}
	var kept tally
	for _, m := range c.diffMembers(w).remove {
		kept.add(m.Name, w.group.Key, w.Origin)
	}
	kept.finding(c.found, schema.Diagnostic{
		Severity: schema.Warning, Code: "push-inactive", Summary: "Paused push keeps members", Origin: w.Origin,
	}, "{} {stays|stay} in {} only because its push is paused.", w.group.Key)
}

// reportUnmanaged lists what is at the target and belongs to nobody here, and
// the findings about groups.
func (c *comparison) reportUnmanaged() {
	r := &c.reports
	if !c.app.IgnoreUnmanaged && c.only.all() {
		taken := make(map[string]bool, len(c.changes))
		for i := range c.changes {
			taken[c.changes[i].RemoteID] = true
		}
		for i := range c.remote.Users {
			if u := &c.remote.Users[i]; !c.state.ownsUser(uint32(i), u.ID) && !taken[u.ID] && !c.promisedElsewhere(u.UserName) {
				r.unmanagedUsers.add(u.UserName, u.UserName, c.app.Origin)
			}
		}
		for i := range c.remote.Groups {
			if g := &c.remote.Groups[i]; !c.state.ownsGroup(uint32(i), g.ID) && !taken[g.ID] {
				r.unmanagedGroups.add(g.DisplayName, g.DisplayName, c.app.Origin)
			}
		}
	}
	found := func(t *tally, s schema.Severity, code schema.Code, summary, detail string) {
		t.finding(c.found, schema.Diagnostic{Severity: s, Code: code, Summary: summary}, detail)
	}
	found(&r.unmanagedUsers, schema.Info, "unmanaged", "Accounts of nobody here", "{} {exists|exist} at the target, {is|are} not managed here, and {is|are} never touched.")
	found(&r.unmanagedGroups, schema.Info, "unmanaged", "Groups of nobody here", "{} {exists|exist} at the target, {is|are} not managed here, and {is|are} never touched.")
	found(&r.groupGone, schema.Warning, "target-gone", "Group gone from the target", "{} {is|are} pushed, and {was|were} deleted at the target, not from here. {It is|They are} made again.")
	found(&r.noRename, schema.Warning, "unsupported-feature", "The target cannot rename groups", "{} {has|have} another name here. The target cannot rename groups, so {it keeps|they keep} the old one.")
	found(&r.unreadable, schema.Warning, "membership-unreadable", "Members cannot be read",
		"The target does not return the members of {}. They are planned from what earlier applies wrote; what others change there stays unseen.")
}
