package load

import (
	"io"
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
		it.invalid("passphrase", "Encryption is for recipients or with a passphrase, not both: leave one of the two out. "+
			"To change from this passphrase to recipients, call it previous_passphrase.")
	case it.given("recipients") && len(e.Recipients) == 0:
		it.invalid("recipients", "Nobody could read what is encrypted for nobody. Name at least one recipient.")
	case !it.given("recipients") && !it.given("passphrase") && !e.Disabled:
		it.l.add(finding(codeMissingArgument, it.origin(), "Argument is missing",
			"An encryption block needs recipients, or a passphrase. To go back to a state in the open, say enabled = false."))
	}
	it.checkRecipients(e.Recipients)
	return e
}

// checkRecipients adds a finding unless age can encrypt for all of them.
func (it *item) checkRecipients(texts []string) {
	all := make([]age.Recipient, 0, len(texts))
	for _, text := range texts {
		r, wrong := recipient(text)
		if wrong != "" {
			d := finding(codeInvalidValue, it.at("recipients"), "Value is not allowed", wrong)
			d.Secret = isIdentity(text)
			it.l.add(d)
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

// isIdentity reports whether text is the secret half of a pair.
func isIdentity(text string) bool { return strings.HasPrefix(strings.ToUpper(text), "AGE-SECRET-KEY-") }

// recipient parses one recipient. What is wrong with it is said without it: it
// may be a secret in the wrong place.
func recipient(text string) (r age.Recipient, wrong string) {
	switch {
	case isIdentity(text):
		return nil, "One of these is an identity, the secret half of a pair. Name the recipient, age1…, that age-keygen printed with it; " +
			"and make a new pair: whoever reads this repository reads this one."
	case !strings.HasPrefix(text, "age1"):
		return nil, "A recipient begins with age1, as age-keygen prints it. SSH keys and plugins are not read."
	}
	all, err := age.ParseRecipients(strings.NewReader(text))
	if err != nil || len(all) != 1 {
		return nil, "One of these is no age recipient: a letter of it is wrong or missing."
	}
	return all[0], ""
}
