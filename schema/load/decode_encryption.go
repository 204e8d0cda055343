package load

import (
	"io"
	"slices"
	"strings"

	"filippo.io/age"

	"github.com/rollcall-dev/rollcall/schema"
)

// encryption decodes an encryption block. Keys are not looked at: a review has none.
func (it *item) encryption() *schema.Encryption {
	e := &schema.Encryption{
		Recipients: it.texts("recipients"),
		Identity:   it.secret("identity"), Passphrase: it.secret("passphrase"), Previous: it.secret("previous_passphrase"),
		Disabled: !it.truth("enabled"), Origin: it.origin(),
	}
	switch {
	case it.given("recipients") && it.given("passphrase"):
		it.invalid("recipients", "Encryption is for recipients or with a passphrase, not both: leave one of the two out. "+
			"To change from the passphrase to recipients, call it previous_passphrase.")
	case it.emptyList("recipients"):
		it.invalid("recipients", "Nobody could read what is encrypted for nobody. Name at least one recipient.")
	case !it.given("recipients") && !it.given("passphrase") && !e.Disabled && !it.misspelt():
		it.l.add(finding(codeMissingArgument, it.origin(), "Argument is missing",
			"An encryption block needs recipients, or a passphrase. To go back to a state in the open, say enabled = false."))
	}
	it.checkRecipients(e.Recipients)
	return e
}

// misspelt reports whether the block has an argument that it does not know: what
// seems to be missing may be that one.
func (it *item) misspelt() bool {
	for name := range it.block.Body.Attributes {
		if it.spec.argument(name) == nil {
			return true
		}
	}
	return false
}

// checkRecipients adds a finding unless age can encrypt for all of them.
func (it *item) checkRecipients(texts []string) {
	if slices.ContainsFunc(texts, isIdentity) {
		d := finding(codeInvalidValue, it.at("recipients"), "Value is not allowed",
			"One of these is an identity, the secret half of a pair. Name the recipient, age1…, that age-keygen printed with it; "+
				"and make a new pair: whoever reads this repository reads this one.")
		d.Secret = true
		it.l.add(d)
		return
	}
	all := make([]age.Recipient, 0, len(texts))
	for _, text := range texts {
		r, wrong := recipient(text)
		if wrong != "" {
			it.invalid("recipients", "%s", wrong)
			return
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		return
	}
	if _, err := age.Encrypt(io.Discard, all...); err != nil {
		it.invalid("recipients", "Recipients of both kinds, age1pq1… and age1…, cannot be mixed: what keeps the first safe would be lost by the second.")
	}
}

// emptyList reports whether an argument is a list with nothing in it. One that
// has no value was complained of where it should have got one.
func (it *item) emptyList(name string) bool {
	a := it.attr(name)
	if a == nil {
		return false
	}
	v, ok := it.l.value(a.Expr, it.scope)
	return ok && !v.IsMarked() && !v.IsNull() && v.CanIterateElements() && v.LengthInt() == 0
}

// isIdentity reports whether the secret half of a pair is in text.
func isIdentity(text string) bool { return strings.Contains(strings.ToUpper(text), "AGE-SECRET-KEY-") }

// recipient parses one recipient, or says what is wrong with it.
func recipient(text string) (r age.Recipient, wrong string) {
	if !strings.HasPrefix(text, "age1") {
		return nil, "A recipient begins with age1, as age-keygen prints it. SSH keys and plugins are not read."
	}
	all, err := age.ParseRecipients(strings.NewReader(text))
	if err != nil || len(all) != 1 {
		return nil, "One of these is no age recipient: a letter of it is wrong or missing."
	}
	return all[0], ""
}
