package render

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

// codeQualityJSON is one entry of a Code Quality report, in the part of Code
// Climate's format that GitLab reads.
type codeQualityJSON struct {
	Description string              `json:"description"`
	CheckName   string              `json:"check_name"`
	Fingerprint string              `json:"fingerprint"`
	Severity    string              `json:"severity"`
	Location    codeQualityLocation `json:"location"`
}

type codeQualityLocation struct {
	Path  string `json:"path"`
	Lines struct {
		Begin uint32 `json:"begin"`
	} `json:"lines"`
}

// codeQualitySeverities are those of the levels.
var codeQualitySeverities = [...]string{LevelError: "critical", LevelWarning: "major", LevelNotice: "info"}

// CodeQuality writes annotations as the report that GitLab takes as
// artifacts:reports:codequality, errors first. Prefix is the configuration's
// folder in its repository. An entry's fingerprint does not depend on its line,
// so that it stays the same when lines above it come and go.
func CodeQuality(w io.Writer, list []Annotation, prefix string) error {
	report := []codeQualityJSON{}
	seen := map[string]int{}
	for _, a := range byLevel(list) {
		e := codeQualityJSON{
			Description: Prose(a.Title) + ": " + annotationText(&a, len(a.Lines)+1),
			CheckName:   Prose(a.Check), Severity: codeQualitySeverities[a.Level],
		}
		// GitLab leaves out entries without a place.
		e.Location.Path, e.Location.Lines.Begin = Prose(repositoryPath(prefix, a.Origin.File)), max(a.Origin.Line, 1)
		if e.Location.Path == "" {
			e.Location.Path = "."
		}
		id := fmt.Sprintf("%q %q %q", e.CheckName, e.Location.Path, a.Subjects)
		seen[id]++
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", id, seen[id]))
		e.Fingerprint = hex.EncodeToString(sum[:16])
		report = append(report, e)
	}
	return writeJSON(w, report)
}
