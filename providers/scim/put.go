package scim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/schema"
)

// put reads an object, lets edit change it and writes it whole, with all that
// we do not know about it. Where the target's ETags are real, a change in
// between is noticed and the object read again.
func (t *Target) put(ctx context.Context, kind, id string, edit func(map[string]any) error) error {
	err := t.putOnce(ctx, kind, id, edit)
	if status(err) == http.StatusPreconditionFailed {
		err = t.putOnce(ctx, kind, id, edit)
	}
	return asObjectError(err)
}

func (t *Target) putOnce(ctx context.Context, kind, id string, edit func(map[string]any) error) error {
	res, err := t.client.Do(ctx, providers.Request{Method: http.MethodGet, Path: []string{kind, id}})
	if err != nil {
		return err
	}
	object, err := decodeObject(res.Body)
	if err != nil {
		return fmt.Errorf("read %s/%s to change it: %w", kind, id, err)
	}
	if err := edit(object); err != nil {
		return err
	}
	body, err := json.Marshal(object)
	if err != nil {
		return fmt.Errorf("encode %s/%s: %w", kind, id, err)
	}
	_, err = t.client.Do(ctx, providers.Request{
		Method: http.MethodPut, Path: []string{kind, id}, Body: body, IfMatch: t.etag(ctx, res),
	})
	return err
}

// etag is the version to write against, or empty where the target's ETags
// cannot be trusted: frameworks add them to answers that know no versions.
func (t *Target) etag(ctx context.Context, res *providers.Response) string {
	tag := res.Header.Get("ETag")
	version := text(find(membersOf(nil, find(membersOf(nil, res.Body), "meta")), "version"))
	if tag == "" || tag != version || !t.discover(ctx).ETag {
		return ""
	}
	return tag
}

// decodeObject decodes a resource so that writing it back loses nothing.
func decodeObject(body []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil || object == nil {
		return nil, fmt.Errorf("the answer is no resource")
	}
	return object, nil
}

// setAll sets values in a resource. With nulls, what is cleared stays there as
// null, for services that keep whatever a PUT leaves out.
func setAll(object map[string]any, values []schema.Value, nulls bool) error {
	for _, v := range values {
		p, err := parsePath(v.Path)
		if err != nil {
			return err
		}
		value := v.Value
		if value == "" {
			value = nil
		}
		p.set(object, value, nulls)
	}
	return nil
}

// set puts value under p into a resource; nil clears.
func (p *attributePath) set(resource map[string]any, value any, nulls bool) {
	if p.schema != "" {
		addSchema(resource, p.schema)
		resource = child(resource, p.schema)
	}
	switch {
	case p.filter != nil:
		p.setElement(resource, value)
	case p.sub != "":
		setMember(child(resource, p.attribute), p.sub, value, nulls)
	default:
		setMember(resource, p.attribute, value, nulls)
	}
}

// setElement sets value in the element that p's filter picks, and adds or
// removes the element where need be.
func (p *attributePath) setElement(resource map[string]any, value any) {
	key := keyOf(resource, p.attribute)
	elements, _ := resource[key].([]any)
	i := slices.IndexFunc(elements, func(e any) bool {
		object, ok := e.(map[string]any)
		return ok && sameScalar(object[keyOf(object, p.filter.attribute)], p.filter.value)
	})
	switch {
	case value == nil && i >= 0:
		elements = slices.Delete(elements, i, i+1)
	case value == nil:
		return
	case i < 0:
		elements = append(elements, p.newElement(value))
	case p.sub != "":
		setMember(elements[i].(map[string]any), p.sub, value, false)
	default:
		elements[i] = p.newElement(value)
	}
	resource[key] = elements
}

// keyOf is the name under which object has the member called name, in any case.
func keyOf(object map[string]any, name string) string {
	if _, ok := object[name]; ok {
		return name
	}
	for key := range object {
		if strings.EqualFold(key, name) {
			return key
		}
	}
	return name
}

// child returns the object under name, which is made if it is not there.
func child(object map[string]any, name string) map[string]any {
	key := keyOf(object, name)
	c, ok := object[key].(map[string]any)
	if !ok {
		c = map[string]any{}
		object[key] = c
	}
	return c
}

func setMember(object map[string]any, name string, value any, nulls bool) {
	key := keyOf(object, name)
	if value == nil && !nulls {
		delete(object, key)
		return
	}
	object[key] = value
}

func addSchema(resource map[string]any, urn string) {
	key := keyOf(resource, "schemas")
	schemas, _ := resource[key].([]any)
	if !slices.ContainsFunc(schemas, func(s any) bool { return sameScalar(s, urn) }) {
		resource[key] = append(schemas, urn)
	}
}
