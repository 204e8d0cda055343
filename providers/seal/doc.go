// Package seal encrypts state, journal, audit log and plan files with age
// (https://age-encryption.org/v1): for recipients, each with an identity of their
// own, or with a passphrase.
//
// Start at New.
package seal
