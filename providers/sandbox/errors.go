package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// fail is an error that a client is told (RFC 7644, section 3.12).
type fail struct {
	status           int
	scimType, detail string
}

// Error says what a client would read.
func (f *fail) Error() string { return f.detail }

func failf(status int, scimType, format string, args ...any) *fail {
	return &fail{status: status, scimType: scimType, detail: fmt.Sprintf(format, args...)}
}

// The scimTypes of RFC 7644, table 9, and RFC 9865.
const (
	invalidFilter = "invalidFilter"
	uniqueness    = "uniqueness"
	mutability    = "mutability"
	invalidSyntax = "invalidSyntax"
	invalidPath   = "invalidPath"
	noTarget      = "noTarget"
	invalidValue  = "invalidValue"
	invalidCursor = "invalidCursor"
)

func badRequest(scimType, format string, args ...any) *fail {
	return failf(http.StatusBadRequest, scimType, format, args...)
}

func notFound(format string, args ...any) *fail {
	return failf(http.StatusNotFound, "", format, args...)
}

func notImplemented(format string, args ...any) *fail {
	return failf(http.StatusNotImplemented, "", format, args...)
}

// response renders f as the Error message. Status is a string there.
func (f *fail) response() *response {
	body := struct {
		Schemas  []string `json:"schemas"`
		Status   string   `json:"status"`
		ScimType string   `json:"scimType,omitempty"`
		Detail   string   `json:"detail,omitempty"`
	}{[]string{urnError}, strconv.Itoa(f.status), f.scimType, f.detail}
	out, err := json.Marshal(body)
	if err != nil {
		panic(err) // strings always marshal
	}
	return &response{status: f.status, body: out}
}
