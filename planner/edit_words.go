package planner

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// HCL is the Value as it stands in the configuration: `user.alice`,
// `"SUSPENDED"`, or for declare the whole block. For what an assignment of time
// may be it is in words. It is empty for an edit without a value.
func (e *Edit) HCL() string {
	switch v := e.Value.(type) {
	case nil:
		return ""
	case schema.Assignment:
		return assignmentBlock(&v)
	case LaterThan:
		return "later than " + time.Time(v).UTC().Format(time.RFC3339)
	case NoLaterThan:
		return "no later than " + time.Time(v).UTC().Format(time.RFC3339)
	}
	return hclText(e.Value)
}

// hclText writes one value.
func hclText(v any) string {
	switch v := v.(type) {
	case schema.UserRef:
		return userText(v)
	case schema.GroupRef:
		return groupText(v)
	case schema.Status:
		return strconv.Quote(v.String())
	case time.Time:
		return strconv.Quote(v.UTC().Format(time.RFC3339))
	case []schema.UserRef:
		return listText(v, userText)
	case []schema.GroupRef:
		return listText(v, groupText)
	case schema.User:
		return string(v.Address)
	case schema.Group:
		return string(v.Address)
	case schema.App:
		return string(v.Address)
	case schema.PushGroup:
		return string(v.Address)
	case schema.PushRule:
		return string(v.Address)
	}
	return plainText(v)
}

func userText(ref schema.UserRef) string {
	if ref.Address != "" {
		return string(ref.Address)
	}
	return strconv.Quote(ref.Login)
}

func groupText(ref schema.GroupRef) string {
	switch {
	case ref.Address != "":
		return string(ref.Address)
	case ref.Directory != "":
		return directoryGroupKey(ref.Directory, ref.Name)
	}
	return strconv.Quote(ref.Name)
}

func listText[T any](list []T, one func(T) string) string {
	texts := make([]string, len(list))
	for i := range list {
		texts[i] = one(list[i])
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// assignmentBlock writes an assignment so that it can be pasted.
func assignmentBlock(a *schema.Assignment) string {
	lines := [][2]string{{"app", string(a.App)}}
	if len(a.Users) > 0 {
		lines = append(lines, [2]string{"users", listText(a.Users, userText)})
	}
	if len(a.Groups) > 0 {
		lines = append(lines, [2]string{"groups", listText(a.Groups, groupText)})
	}
	width := 0
	for _, l := range lines {
		width = max(width, len(l[0]))
	}
	text := fmt.Sprintf("assignment %q {\n", a.Address.Name())
	for _, l := range lines {
		text += fmt.Sprintf("  %-*s = %s\n", width, l[0], l[1])
	}
	return text + "}"
}

// String names an edit as the command line writes it, for messages.
func (e *Edit) String() string {
	text := string(e.Op) + " " + e.Address
	if e.Argument != "" {
		text += "." + e.Argument
	}
	value, isText := e.Value.(string)
	if !isText {
		value = strings.SplitN(e.HCL(), "\n", 2)[0]
	}
	switch {
	case e.Op == EditSet:
		return text + "=" + value
	case value != "" && e.Op != EditDeclare:
		return text + ":" + value
	}
	return text
}

// refLabel is what a new block about somebody is best called: the last name in
// an address or key, or the name itself.
func refLabel(address, name string) string {
	if address == "" {
		return name
	}
	_, label, _ := strings.Cut(address, ".")
	if _, quoted, ok := strings.Cut(label, `["`); ok {
		return quoted
	}
	return label
}

// freeLabel makes a label from a name that no assignment has.
func freeLabel(cfg *schema.Config, name string) string {
	label := strings.Trim(notInLabels.ReplaceAllString(schema.Fold(name), "_"), "_")
	if label == "" || label[0] >= '0' && label[0] <= '9' {
		label = "a_" + label
	}
	free := label
	for n := 2; labelTaken(cfg, free); n++ {
		free = label + "_" + strconv.Itoa(n)
	}
	return free
}

// notInLabels is what a label cannot hold, and what looks odd in one.
var notInLabels = regexp.MustCompile(`[^a-z0-9_-]+`)

// labelTaken reports whether an assignment has the label, alone or with a key
// that for_each gave it.
func labelTaken(cfg *schema.Config, label string) bool {
	address := "assignment." + label
	return slices.ContainsFunc(cfg.Assignments, func(a schema.Assignment) bool {
		return string(a.Address) == address || strings.HasPrefix(string(a.Address), address+"[")
	})
}
