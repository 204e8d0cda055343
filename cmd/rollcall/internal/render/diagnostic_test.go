package render

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/schema"
)

const twingateHCL = `app "twingate" {
  target = target.twingate.corp
}

push_group "platform" {
  app   = app.twingate
	group = group.platfrom # naïve 日本 comment
}

` + "locals { long = [" + `"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbb", user.nobody, "cccccccccccccccccccccccccccc"] }
user "日本" { login = user.x }`

var twingateSource = map[string][]byte{"twingate.hcl": []byte(twingateHCL)}

func span(line, from, to uint32) schema.Origin {
	return schema.Origin{File: "twingate.hcl", Line: line, Column: from, EndLine: line, EndColumn: to}
}

func findings() schema.Diagnostics {
	return schema.Diagnostics{
		{Severity: schema.Error, Code: "unknown-reference", Summary: "Unknown group",
			Detail: "There is no group \"platfrom\".", Origin: span(7, 10, 24), Suggestion: "group.platform",
			Related: []schema.Related{{Origin: at("people.hcl", 30), Message: "group.platform is declared here"}}},
		{Severity: schema.Error, Code: "unknown-reference", Summary: "Unknown user", Detail: "Two lines:\n\n  user.nobody\n  is not declared", Origin: span(10, 105, 116)},
		{Severity: schema.Warning, Code: "external-id-differs", App: "twingate", Object: "user.alice",
			Summary: "A summary that is so long that the code does not fit beside it any more",
			Detail:  "The account keeps the externalId that it has."},
		{Severity: schema.Info, Code: "unmanaged", Summary: "Beyond the end", Origin: span(99, 1, 2)},
		{Severity: schema.Error, Code: "unknown-argument", Summary: "Unknown argument",
			Detail: "An app has no argument \"targt\". Did you mean target?", Origin: span(2, 3, 9), Suggestion: "target"},
		{Severity: schema.Error, Code: "unknown-reference", Summary: "Wide characters", Origin: span(11, 21, 27)},
		{Severity: schema.Error, Code: "duplicate-login", Summary: "Hostile " + hostile, Detail: hostile, Origin: at(hostile, 1), Suggestion: hostile},
	}
}

func TestDiagnosticsAreAsInTheirGolden(t *testing.T) {
	t.Parallel()
	got := rendered(t, func(w io.Writer) error { return Diagnostics(w, findings(), twingateSource, Style{}) })
	golden(t, "diagnostics.txt", got)
	wantHarmless(t, got)
	wantNarrow(t, got, 80)
}

func TestDiagnosticsJSONIsAsInItsGolden(t *testing.T) {
	t.Parallel()
	got := rendered(t, func(w io.Writer) error { return DiagnosticsJSON(w, findings(), twingateSource) })
	golden(t, "diagnostics.json", got)
	wantHarmless(t, got)
}

func TestDiagnosticsJSONWithoutFindingsIsValid(t *testing.T) {
	t.Parallel()
	got := rendered(t, func(w io.Writer) error { return DiagnosticsJSON(w, nil, nil) })
	golden(t, "diagnostics_none.json", got)
}

func TestSnippetBytesPointAtTheRange(t *testing.T) {
	t.Parallel()
	got := rendered(t, func(w io.Writer) error { return DiagnosticsJSON(w, findings()[:1], twingateSource) })
	var doc validation
	if err := json.Unmarshal([]byte(got), &doc); err != nil {
		t.Fatal(err)
	}
	d := doc.Diagnostics[0]
	for _, marked := range []string{
		twingateHCL[d.Range.Start.Byte:d.Range.End.Byte],
		d.Snippet.Code[d.Snippet.HighlightStartOffset:d.Snippet.HighlightEndOffset],
	} {
		if marked != "group.platfrom" {
			t.Errorf("the range marks %q, want %q", marked, "group.platfrom")
		}
	}
}

func FuzzDiagnosticNeverPanicsAndStaysHarmless(f *testing.F) {
	f.Add(twingateHCL, uint32(7), uint32(10), uint32(7), uint32(24), "summary", "detail")
	f.Add("a\r\nb", uint32(2), uint32(0), uint32(1), uint32(9), hostile, "x\n\n y")
	f.Fuzz(func(t *testing.T, content string, line, col, endLine, endCol uint32, summary, detail string) {
		d := schema.Diagnostics{{Severity: schema.Error, Code: "c", Summary: summary, Detail: detail,
			Origin: schema.Origin{File: "f", Line: line, Column: col, EndLine: endLine, EndColumn: endCol}}}
		src := map[string][]byte{"f": []byte(content)}
		text := rendered(t, func(w io.Writer) error { return Diagnostics(w, d, src, Style{}) })
		wantHarmless(t, text)
		if strings.Count(text, "\n╵\n") != 1 {
			t.Errorf("the box does not end once:\n%s", text)
		}
		wantHarmless(t, rendered(t, func(w io.Writer) error { return DiagnosticsJSON(w, d, src) }))
	})
}

func TestDiagnosticsInColourSayTheSame(t *testing.T) {
	t.Parallel()
	plain := rendered(t, func(w io.Writer) error { return Diagnostics(w, findings(), twingateSource, Style{}) })
	painted := rendered(t, func(w io.Writer) error { return Diagnostics(w, findings(), twingateSource, Style{Color: true}) })
	if painted == plain || stripped(painted) != plain {
		t.Errorf("without its colours the text differs:\n%s", stripped(painted))
	}
}

func TestSecretIsNotShownInItsLine(t *testing.T) {
	t.Parallel()
	src := map[string][]byte{"a.hcl": []byte("  token = \"canary-77\" # why\n")}
	found := schema.Diagnostics{{
		Severity: schema.Warning, Code: "secret-in-configuration", Summary: "Secret is written in the configuration", Secret: true,
		Origin: schema.Origin{File: "a.hcl", Line: 1, Column: 11, EndLine: 1, EndColumn: 22},
	}}
	for name, write := range map[string]func(io.Writer) error{
		"text": func(w io.Writer) error { return Diagnostics(w, found, src, Style{}) },
		"json": func(w io.Writer) error { return DiagnosticsJSON(w, found, src) },
	} {
		got := rendered(t, write)
		if strings.Contains(got, "canary") || !strings.Contains(got, "token = (redacted) # why") {
			t.Errorf("%s:\n%s", name, got)
		}
	}
}
