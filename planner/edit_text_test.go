package planner

import (
	"reflect"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/schema"
)

func TestEditsAreReadAsTheCommandLineWritesThem(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		op   EditOp
		text string
		want Edit
	}{
		{EditSet, "user.alice.status=SUSPENDED", Edit{Address: "user.alice", Argument: "status", Value: "SUSPENDED"}},
		{EditSet, "user.alice:status=SUSPENDED", Edit{Address: "user.alice", Argument: "status", Value: "SUSPENDED"}},
		{EditSet, `bob@acme.com:status = "SUSPENDED"`, Edit{Address: "bob@acme.com", Argument: "status", Value: "SUSPENDED"}},
		{EditSet, `user.team["a.b=c:d"].title=`, Edit{Address: `user.team["a.b=c:d"]`, Argument: "title", Value: ""}},
		{EditSet, "user.alice.title=null", Edit{Address: "user.alice", Argument: "title"}},
		{EditSet, "user.alice.custom.level=3", Edit{Address: "user.alice", Argument: "custom.level", Value: 3.0}},
		{EditSet, "user.alice.custom.tier=gold", Edit{Address: "user.alice", Argument: "custom.tier", Value: "gold"}},
		{EditSet, "user.alice.title=a=b", Edit{Address: "user.alice", Argument: "title", Value: "a=b"}},
		{EditSet, "user.lead@acme.com:status=ACTIVE", Edit{Address: "user.lead@acme.com", Argument: "status", Value: "ACTIVE"}},
		{EditSet, "group.x.rule[1].active=false", Edit{Address: "group.x", Argument: "rule[1].active", Value: "false"}},
		{EditSet, `directory.file.hr.groups["VPN Users"].members=a, b`, Edit{Address: `directory.file.hr.groups["VPN Users"]`, Argument: "members", Value: "a, b"}},
		{EditAdd, "group.x:alice", Edit{Address: "group.x", Value: "alice"}},
		{EditAdd, "group.x.rule.exclude:bob@acme.com", Edit{Address: "group.x", Argument: "rule.exclude", Value: "bob@acme.com"}},
		{EditAdd, `assignment.a:directory.file.hr.groups["VPN: Users"]`, Edit{Address: "assignment.a", Value: `directory.file.hr.groups["VPN: Users"]`}},
		{EditAdd, "user.zoe:zoe@acme.com", Edit{Op: EditDeclare, Address: "user.zoe", Value: schema.User{Address: "user.zoe", Login: "zoe@acme.com"}}},
		{EditRemove, "group.x:alice", Edit{Address: "group.x", Value: "alice"}},
		{EditRemove, "group.x", Edit{Address: "group.x"}},
		{EditRemove, "assignment.a.expires", Edit{Address: "assignment.a", Argument: "expires"}},
		{EditRemove, "bob@acme.com", Edit{Address: "bob@acme.com"}},
		{EditRemove, "group.lead@acme.com", Edit{Address: "group.lead@acme.com"}},
	} {
		if tt.want.Op == "" {
			tt.want.Op = tt.op
		}
		got, err := ParseEdit(tt.op, tt.text)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s %s: got %+v, %v, want %+v", tt.op, tt.text, got, err, tt.want)
		}
	}
}

func TestEditsThatCannotBeReadSayWhatIsExpected(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		op         EditOp
		text, want string
	}{
		{EditSet, "", "has no ="},
		{EditSet, "user.alice.status", "has no ="},
		{EditSet, "=x", "nothing before the ="},
		{EditSet, "user.alice=x", `"user.alice" names no argument`},
		{EditSet, "user.alice.=x", "names no argument"},
		{EditSet, ":status=x", "names no argument"},
		{EditSet, "bob@acme.com.status=SUSPENDED", "for a login, put a colon before the argument"},
		{EditSet, "directory.file.hr.status=x", "has no address"},
		{EditAdd, "", "there is nothing"},
		{EditAdd, "group.x", "does not say who"},
		{EditAdd, "group.x:", "names nobody"},
		{EditAdd, "x:alice", "does not begin with the address of a block"},
		{EditAdd, "group.x.:alice", "goes on after the address"},
		{EditRemove, "", "there is nothing"},
		{EditRemove, ` "" `, "there is nothing"},
		{EditRemove, "user.alice:bob", "write group.NAME:alice"},
		{EditRemove, "bob@acme.com:title", "does not begin with the address of a block"},
	} {
		_, err := ParseEdit(tt.op, tt.text)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %q: %v, want %s", tt.op, tt.text, err, tt.want)
		}
		if err != nil && !strings.Contains(err.Error(), "as in ") && !strings.Contains(err.Error(), "write ") {
			t.Errorf("%s %q: no example in %v", tt.op, tt.text, err)
		}
	}
}

// FuzzParseEdit: whatever is written is an edit or an error, and what is an edit
// can be made, or says why not.
func FuzzParseEdit(f *testing.F) {
	for _, s := range []string{
		"user.alice.status=SUSPENDED", "bob@x.com:custom.a={", `group.G["].members=[a,"b`, "group.G:alice", "assignment.n0.expires", "directory.file.hr.groups[\"Staff\"]:dana@x.com",
		"user.", "directory.a.b", `directory.file.hr.users["`, "group.H.rule[99999999999999999999].exclude:alice", "group.H.rule[-1].active=true", "app.x:group.G", "push_group.G",
	} {
		f.Add(s)
	}
	cfg, facts := declared(f, editSeed)
	f.Fuzz(func(t *testing.T, text string) {
		for _, op := range []EditOp{EditSet, EditAdd, EditRemove} {
			e, err := ParseEdit(op, text)
			if err != nil {
				continue
			}
			if e.Address == "" {
				t.Fatalf("%s %q: an edit of nothing: %+v", op, text, e)
			}
			other, otherFacts, err := Edited(cfg, facts, []Edit{e})
			if err == nil {
				Resolve(other, otherFacts)
			}
			_ = e.String()
		}
	})
}
