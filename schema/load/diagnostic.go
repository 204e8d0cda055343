package load

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/rollcall-dev/rollcall/schema"
)

// The codes of the loader's findings, besides those that belong to expressions.
const (
	codeSyntax             schema.Code = "syntax"
	codeTooComplex         schema.Code = "too-complex"
	codeTooLarge           schema.Code = "too-large"
	codeUnreadable         schema.Code = "unreadable-file"
	codeLink               schema.Code = "link-leaves-root"
	codeUnknownBlock       schema.Code = "unknown-block"
	codeUnknownArgument    schema.Code = "unknown-argument"
	codeMissingArgument    schema.Code = "missing-argument"
	codeConflicting        schema.Code = "conflicting-arguments"
	codeWrongType          schema.Code = "wrong-type"
	codeWrongLabels        schema.Code = "wrong-labels"
	codeDuplicateBlock     schema.Code = "duplicate-block"
	codeInvalidValue       schema.Code = "invalid-value"
	codeInvalidExpression  schema.Code = "invalid-expression"
	codeUnsupported        schema.Code = "unsupported-feature"
	codeUnsupportedVersion schema.Code = "unsupported-version"
	codeUnknownReference   schema.Code = "unknown-reference"
	codeUnknownVariable    schema.Code = "unknown-variable"
	codeUnknownFunction    schema.Code = "unknown-function"
	codeUnknownAttribute   schema.Code = "unknown-attribute"
	codeMissingVariable    schema.Code = "missing-variable"
	codeInvalidVariable    schema.Code = "invalid-variable"
	codeReferenceCycle     schema.Code = "reference-cycle"
	codeNoMembers          schema.Code = "group-without-members"
	codeReadOnlyGroup      schema.Code = "read-only-group"
	codeNoSubject          schema.Code = "assignment-without-subject"
	codeNoAssertion        schema.Code = "nothing-asserted"
	codeInsecure           schema.Code = "insecure-endpoint"
	codeSensitive          schema.Code = "sensitive-value"
	codeSecretWritten      schema.Code = "secret-in-configuration"
	codeAttributeTooLong   schema.Code = "attribute-too-long"
)

// finding starts an error about the place at.
func finding(code schema.Code, at schema.Origin, summary, detail string) schema.Diagnostic {
	return schema.Diagnostic{Severity: schema.Error, Code: code, Summary: summary, Detail: detail, Origin: at}
}

// origin turns a range of HCL into a place in the configuration.
func origin(r hcl.Range) schema.Origin {
	return schema.Origin{
		File: r.Filename,
		Line: uint32(max(r.Start.Line, 0)), Column: uint32(max(r.Start.Column, 0)),
		EndLine: uint32(max(r.End.Line, 0)), EndColumn: uint32(max(r.End.Column, 0)),
	}
}

// fromHCL turns HCL's findings into ours under one code.
func fromHCL(code schema.Code, diags hcl.Diagnostics) schema.Diagnostics {
	var out schema.Diagnostics
	for _, d := range diags {
		f := schema.Diagnostic{Severity: schema.Error, Code: code, Summary: d.Summary, Detail: d.Detail}
		if d.Severity == hcl.DiagWarning {
			f.Severity = schema.Warning
		}
		if d.Subject != nil {
			f.Origin = origin(*d.Subject)
		}
		out = append(out, f)
	}
	return out
}

// sortDiagnostics orders findings by place, so that the order of work does not show.
func sortDiagnostics(ds schema.Diagnostics) {
	slices.SortStableFunc(ds, func(a, b schema.Diagnostic) int {
		return cmp.Or(
			strings.Compare(a.Origin.File, b.Origin.File),
			cmp.Compare(a.Origin.Line, b.Origin.Line),
			cmp.Compare(a.Origin.Column, b.Origin.Column),
			strings.Compare(string(a.Code), string(b.Code)),
			strings.Compare(a.Detail, b.Detail),
		)
	})
}
