package load

import (
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// language is the table of all blocks, in the order of the language reference.
var language = slicesOf(settingsBlocks, directoryBlocks, targetBlocks, appBlocks, careBlocks, policyBlocks, laterBlocks)

func slicesOf(groups ...[]BlockSpec) []BlockSpec {
	var all []BlockSpec
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

var encryptionBlock = BlockSpec{
	Type: "encryption",
	Description: "Encrypts the state, its journal, the audit log and plan files with age: for recipients or with a passphrase. " +
		"What is there already is read, and encrypted when it is next written.",
	Arguments: []ArgumentSpec{
		optional("recipients", typeStrings, "", "Age recipients, `age1…`. The identity of any of them decrypts."),
		optional("identity", typeSecret, "", "The text of an age identity file; by default `ROLLCALL_AGE_IDENTITY`, or the file that `ROLLCALL_AGE_IDENTITY_FILE` names."),
		optional("passphrase", typeSecret, "", "A passphrase of at least 16 characters, in place of recipients."),
		optional("previous_passphrase", typeSecret, "", "The passphrase before this one: it only decrypts."),
		optional("enabled", typeBool, "true", "`false` reads what is encrypted and writes it in the open from then on."),
	},
}

var settingsBlocks = []BlockSpec{
	{
		Type:        "rollcall",
		Description: "Settings of the configuration itself; at most one block.",
		Arguments: []ArgumentSpec{
			optional("required_version", typeString, "", "The versions of rollcall that may read this configuration, as in \">= 0.1, < 2\"."),
		},
		Blocks: []BlockSpec{
			{Type: "state", Kind: "file", Labels: []string{"kind"}, Description: "Keeps the state in a file under the root.",
				Arguments: []ArgumentSpec{optional("path", typeString, `".rollcall/state.json"`, "The file's path under the root.")}},
			{Type: "state", Kind: "postgres", Labels: []string{"kind"},
				Description: "Keeps the state in a PostgreSQL database: the tables rollcall_states and rollcall_journal, which the first lock makes. Over TCP the connection is encrypted and the server verified, unless it is on loopback.",
				Arguments: []ArgumentSpec{
					required("url", typeSecret, "The connection URL, as in `env(\"ROLLCALL_STATE_URL\")`."),
					optional("name", typeString, `"default"`, "Tells several states in one database apart."),
				}},
			{Type: "state", Kind: "s3", Labels: []string{"kind"},
				Description: "Keeps the state in a bucket of Amazon S3, or of a service that speaks its protocol with conditional writes; one that ignores conditions is found out and refused. Credentials come from where AWS's own tools find them.",
				Arguments: []ArgumentSpec{
					required("bucket", typeString, "The bucket's name."),
					required("key", typeString, "The object's key. Beside it stand KEY.lock and, under KEY.journal/, the journal."),
					optional("region", typeString, `"us-east-1"`, "The bucket's region."),
					optional("endpoint", typeString, "", "The service's URL, where it is not Amazon's."),
				}},
			{Type: "state", Kind: "http", Labels: []string{"kind"},
				Description: "Keeps the state behind Terraform's HTTP protocol with locking, as GitLab speaks it. A server that lets two hold the lock, or write without it, is found out and refused.",
				Arguments: []ArgumentSpec{
					required("address", typeString, "The state's URL."),
					optional("lock_address", typeString, "", "The lock's URL, on the same host; the state's if left out."),
					optional("unlock_address", typeString, "", "The URL to unlock at; the lock's if left out."),
					optional("update_method", typeString, `"POST"`, "The method that writes the state."),
					optional("lock_method", typeString, `"LOCK"`, "The method that locks; GitLab's is POST."),
					optional("unlock_method", typeString, `"UNLOCK"`, "The method that unlocks; GitLab's is DELETE."),
					optional("username", typeString, `"rollcall"`, "The user name that goes with the password."),
					optional("password", typeSecret, "", "The password or token; by default that which `ROLLCALL_TOKEN_<host>` binds to the host, if any."),
				}},
			encryptionBlock,
		},
	},
	{
		Type: "variable", Labels: []string{"name"},
		Description: "A value that is given from outside.",
		Arguments: []ArgumentSpec{
			optional("type", typeConstraint, "any", "The type constraint, as in `string` or `list(string)`."),
			optional("default", typeAny, "", "The value when none is given; without it the variable must be given."),
			optional("description", typeString, "", "What the variable is for."),
			optional("sensitive", typeBool, "false", "Keeps the value out of all output; it may only be used for secrets."),
			optional("nullable", typeBool, "true", "Whether null is a value of the variable."),
		},
		Blocks: []BlockSpec{{
			Type: "validation", Repeatable: true, Description: "A condition that the value must meet.",
			Arguments: []ArgumentSpec{
				required("condition", typeBool, "True for a value that is allowed; it sees the variable itself."),
				required("error_message", typeString, "What to say about a value that is not."),
			},
		}},
	},
	{Type: "locals", Description: "Names for values; all blocks together are one namespace, `local`.", AnyArgument: true},
}

var directoryBlocks = []BlockSpec{
	{
		Type: "directory", Kind: "file", Labels: []string{"kind", "name"},
		Description: "People and groups from a file.",
		Arguments: []ArgumentSpec{
			required("path", typeString, "The file's path under the root."),
			anyOf("format", "The file's format; without it, by the path's ending.", "csv", "json", "jsonl", "yaml"),
			optional("columns", typeStringMap, "", "Names of attributes by the file's column names, for columns that are called otherwise."),
			optional("max_age", typeDuration, "", "How old the file may be. What an older one would take away is not taken."),
			optional("exported_at", typeTime, "", "When the file was exported; without it, when what it holds was committed or, where git does not have it so, when it was written."),
		},
	},
	{
		Type: "directory", Kind: "okta", Labels: []string{"kind", "name"}, Unsupported: true,
		Description: "People and groups from an Okta organisation.",
		Arguments: []ArgumentSpec{
			required("org_url", typeString, "The organisation's URL."),
			optional("token", typeSecret, "", "The API token."),
			optional("snapshot", typeString, "", "The path of a snapshot under the root."),
			optional("max_age", typeDuration, "", "How old a snapshot may be."),
			optional("filter", typeString, "", "Okta's filter expression."),
		},
	},
	{Type: "user", Labels: []string{"name"}, Description: "One person.", Arguments: userArguments()},
	{
		Type: "group", Labels: []string{"name"},
		Description: "A set of people, by members, included groups and rules together, or from a directory.",
		Arguments: []ArgumentSpec{
			optional("name", typeString, "", "The group's name; without it, the block's label (for an instance of for_each, its key)."),
			optional("description", typeString, "", "What the group is for."),
			optional("members", typeUsers, "", "People: references to users, or logins. Absent is not the same as []."),
			optional("include_groups", typeGroups, "", "Groups whose members are members here, too."),
			optional("from", typeGroupFrom, "", "The group of a directory that this one is; it excludes members, include_groups and rule."),
			forEach,
		},
		Blocks: []BlockSpec{{
			Type: "rule", Repeatable: true, Description: "Adds everyone for whom the condition holds.",
			Arguments: []ArgumentSpec{
				required("condition", typeExpression, "True for those who are members."),
				optional("exclude", typeUsers, "", "People whom this rule does not add."),
				optional("active", typeBool, "true", "A rule that is not active adds nobody."),
			},
		}},
	},
}

var targetBlocks = []BlockSpec{
	{
		Type: "target", Kind: "scim", Labels: []string{"dialect", "name"},
		Description: "Any SCIM 2.0 service provider.",
		Arguments: []ArgumentSpec{
			required("base_url", typeString, "Where the service answers; https, or http on loopback."),
			tokenArgument,
		},
		Blocks: targetSettings(),
	},
	{
		Type: "target", Kind: "twingate", Labels: []string{"dialect", "name"},
		Description: "A Twingate network.",
		Arguments: []ArgumentSpec{
			optional("network", typeString, "", "The network's name, the first part of its host; base_url may be given instead."),
			optional("base_url", typeString, "", "Where the service answers, in place of network."),
			tokenArgument,
		},
		Blocks: targetSettings(),
	},
	{
		Type: "target", Kind: "sandbox", Labels: []string{"dialect", "name"},
		Description: "The SCIM service inside rollcall, kept in a file.",
		Arguments: []ArgumentSpec{
			optional("path", typeString, `".rollcall/sandbox.json"`, "The file's path under the root."),
			optional("dialect", typeString, `"scim"`, "The dialect that the service speaks."),
		},
		Blocks: targetSettings(),
	},
}

var tokenArgument = optional("token", typeSecret, "", "The bearer token; without it, ROLLCALL_TOKEN_<host> or its _FILE, which binds it to the host.")

// targetSettings are the nested blocks of every target: limits and timeouts, and
// the fields of the dialect that may be overridden.
func targetSettings() []BlockSpec {
	blocks := []BlockSpec{
		{Type: "limits", Description: "Bounds the requests to the target.", Arguments: []ArgumentSpec{
			optional("parallelism", typeNumber, "", "How many requests may run at once; without it, the dialect's own."),
			optional("requests_per_second", typeNumber, "", "How many requests may start in a second; without it, the dialect's own."),
		}},
		{Type: "timeouts", Description: "Bounds single requests.", Arguments: []ArgumentSpec{
			optional("read", typeDuration, "", "How long a read may take; without it, the default."),
			optional("write", typeDuration, "", "How long a write may take; without it, the default."),
		}},
		{Type: "page", Description: "How lists are read."},
		{Type: "lookup", Description: "How accounts and groups are found."},
		{Type: "write", Description: "How changes are written."},
		{Type: "members", Description: "How members are read."},
		{Type: "deprovision", Description: "What deactivation and deletion mean."},
	}
	for _, s := range schema.TargetSettings() {
		i := slices.IndexFunc(blocks, func(b BlockSpec) bool { return b.Type == s.Block })
		blocks[i].Arguments = append(blocks[i].Arguments,
			ArgumentSpec{Name: s.Name, Type: string(s.Kind), Values: s.Values, Description: s.Description})
	}
	return blocks
}
