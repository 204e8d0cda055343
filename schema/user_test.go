package schema

import "testing"

func TestAPersonsKeyIsStable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why, want string
		u         User
	}{
		{"a block is known by its address", "user.ann", User{Address: "user.ann", ID: "7", Login: "Ann@X.com"}},
		{"a row is known by its id", `directory.file.hr.users["E7"]`, User{Directory: "directory.file.hr", ID: "E7", Login: "Ann@X.com"}},
		{"without an id the login's case does not matter", `directory.file.hr.users["ann@x.com"]`, User{Directory: "directory.file.hr", Login: "Ann@X.com"}},
	} {
		if got := tt.u.Key(); got != tt.want {
			t.Errorf("%s: key %s, want %s", tt.why, got, tt.want)
		}
	}
}

func TestStatusesAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for i, name := range StatusNames() {
		if got, ok := ParseStatus(name); !ok || got != Status(i) || got.String() != name {
			t.Errorf("ParseStatus(%q) = %v, %v", name, got, ok)
		}
	}
	if got, ok := ParseStatus("suspended"); !ok || got != Suspended {
		t.Errorf("in lower case: %v, %v", got, ok)
	}
	if got, ok := ParseStatus("ACTIVATING"); ok {
		t.Errorf("a status of passage is read as %v", got)
	}
}
