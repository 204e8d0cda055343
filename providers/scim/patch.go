package scim

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/schema"
)

const (
	patchSchema = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	userSchema  = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupSchema = "urn:ietf:params:scim:schemas:core:2.0:Group"
)

// operation is one step of a PATCH (RFC 7644 section 3.5.2): lower case, an
// explicit path, one leaf. Of some thirty shapes tried these are the ones that
// all services carry out.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// update changes the attributes of one object from before to after.
func (t *Target) update(ctx context.Context, kind, id string, before, after []schema.Value) error {
	if len(after) == 0 {
		return nil
	}
	if kind == "Groups" && !t.dialect.Write.GroupRename && slices.ContainsFunc(after, isName) {
		return refusal("the target cannot rename groups")
	}
	if t.puts(kind) {
		return t.put(ctx, kind, id, func(object map[string]any) error { return setAll(object, after, t.keepsCleared(kind)) })
	}
	operations, err := attributeOperations(before, after)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(operations, t.dialect.Write.OperationsPerRequest) {
		err := t.patchOrPut(ctx, kind, id, part, func(object map[string]any) error {
			return setAll(object, after, t.keepsCleared(kind))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func isName(v schema.Value) bool { return strings.EqualFold(v.Path, "displayName") }

// patchOrPut sends operations, or, where the target turns out to know no PATCH,
// makes the same change by writing the object whole.
func (t *Target) patchOrPut(ctx context.Context, kind, id string, operations []operation, edit func(map[string]any) error) error {
	err := t.patch(ctx, kind, id, operations)
	switch {
	case status(err) == http.StatusMethodNotAllowed, status(err) == http.StatusNotImplemented:
		t.learnPut(kind)
		return t.put(ctx, kind, id, edit)
	case strings.EqualFold(scimType(err), "noTarget"):
		if adds, changed := addInstead(operations); changed {
			err = t.patch(ctx, kind, id, adds)
		}
	}
	return asObjectError(err)
}

// patch sends one PATCH. Its success may have a body or none.
func (t *Target) patch(ctx context.Context, kind, id string, operations []operation) error {
	body, err := json.Marshal(map[string]any{"schemas": []string{patchSchema}, "Operations": operations})
	if err != nil {
		return fmt.Errorf("encode the operations: %w", err)
	}
	_, err = t.client.Do(ctx, providers.Request{Method: http.MethodPatch, Path: []string{kind, id}, Body: body})
	return err
}

// puts reports whether objects of kind are written whole.
func (t *Target) puts(kind string) bool {
	if kind == "Users" {
		return t.dialect.Write.User != MethodPatch || t.userPut.Load()
	}
	return t.dialect.Write.Group != MethodPatch || t.groupPut.Load()
}

// keepsCleared reports whether a PUT must name what it clears.
func (t *Target) keepsCleared(kind string) bool {
	if kind == "Users" {
		return t.dialect.Write.User == MethodPutMerge
	}
	return t.dialect.Write.Group == MethodPutMerge
}

func (t *Target) learnPut(kind string) {
	if kind == "Users" {
		t.userPut.Store(true)
		return
	}
	t.groupPut.Store(true)
}

// attributeOperations are the steps from before to after.
func attributeOperations(before, after []schema.Value) ([]operation, error) {
	out := make([]operation, 0, len(after))
	for _, v := range after {
		p, err := parsePath(v.Path)
		if err != nil {
			return nil, err
		}
		out = append(out, p.operation(v.Value, wasAbsent(before, v.Path)))
	}
	return out, nil
}

// wasAbsent reports that path is known to have had no value.
func wasAbsent(before []schema.Value, path string) bool {
	return slices.ContainsFunc(before, func(v schema.Value) bool { return v.Path == path && (v.Value == nil || v.Value == "") })
}

func (p *attributePath) operation(value any, absent bool) operation {
	switch {
	case value == nil || value == "":
		return operation{Op: "remove", Path: p.container()}
	case p.filter != nil && absent:
		// RFC 7644 section 3.5.2.3: replacing in an element that is not there
		// fails, so the element is added.
		return p.addElement(value)
	}
	return operation{Op: "replace", Path: p.text, Value: value}
}

// container is what a removal names: an element goes as a whole, so that no
// e-mail without an address stays behind.
func (p *attributePath) container() string {
	if end := strings.LastIndexByte(p.text, ']'); end >= 0 {
		return p.text[:end+1]
	}
	return p.text
}

// addElement adds the element that p's filter describes.
func (p *attributePath) addElement(value any) operation {
	return operation{Op: "add", Path: p.multiValued(), Value: []any{p.newElement(value)}}
}

// multiValued is the path of the attribute without its filter.
func (p *attributePath) multiValued() string {
	if p.schema == "" {
		return p.attribute
	}
	return p.schema + ":" + p.attribute
}

func (p *attributePath) newElement(value any) map[string]any {
	element := map[string]any{p.filter.attribute: p.filter.value}
	if p.sub == "" {
		if object, ok := value.(map[string]any); ok {
			for k, v := range object {
				element[k] = v
			}
		}
		return element
	}
	element[p.sub] = value
	return element
}

// addInstead turns replacements inside elements into additions of the element.
func addInstead(operations []operation) (out []operation, changed bool) {
	out = slices.Clone(operations)
	for i, o := range out {
		p, err := parsePath(o.Path)
		if err == nil && p.filter != nil && o.Op == "replace" {
			out[i], changed = p.addElement(o.Value), true
		}
	}
	return out, changed
}
