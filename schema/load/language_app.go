package load

import "slices"

var appBlocks = []BlockSpec{
	{
		Type: "app", Labels: []string{"name"},
		Description: "An application that people are assigned to, kept at one target.",
		Arguments: []ArgumentSpec{
			required("target", typeTarget, "The target that the app's accounts are kept at."),
			optional("username", typeExpression, "principal.login", "The userName of a person's account."),
			optional("attributes", typeExpressions, "", "Expressions by SCIM path, merged over the default mapping; null drops a path."),
			optional("create_only", typeStrings, "[]", "SCIM paths that are sent on create and never compared."),
			oneOf("on_unassign", "What becomes of the account of a person who is not assigned any more.", "deactivate", "delete", "keep"),
			oneOf("on_suspended", "What becomes of the account of a SUSPENDED person.", "keep", "deactivate"),
			oneOf("on_unpush", "What becomes of a pushed group whose push ends.", "empty", "leave", "delete"),
			oneOf("unmanaged", "Whether objects that rollcall does not own are reported.", "report", "ignore"),
			oneOf("mode", "Whether changes are carried out (manage) or only shown (report).", "manage", "report"),
		},
		Blocks: []BlockSpec{provisioningBlock, guardBlock},
	},
	{
		Type: "assignment", Labels: []string{"name"},
		Description: "Gives people an app, directly or through groups; all blocks for one app add up.",
		Arguments: []ArgumentSpec{
			required("app", typeApp, "The app."),
			optional("users", typeUsers, "", "People who are assigned directly; users or groups must be given."),
			optional("groups", typeGroups, "", "Groups whose members are assigned."),
			optional("priority", typeNumber, "1000", "Orders the group assignments of one app for profile; the smaller wins."),
			optional("profile", typeMap, "", "Attributes by SCIM path for those assigned here."),
			optional("starts", typeTime, "", "The time from which the assignment is in force."),
			optional("expires", typeTime, "", "The time from which it is not in force any more."),
			optional("reason", typeString, "", "Why, for those who review."),
			forEach,
		},
	},
	{
		Type: "push_group", Labels: []string{"name"},
		Description: "Mirrors one group to an app's target.",
		Arguments: append(pushArguments(
			required("app", typeApp, "The app."),
			required("group", typeGroup, "The group."),
			oneOf("mode", "Whether the group is made at the target (create) or an existing one is taken (link).", "create", "link"),
			optional("target_name", typeString, "", "Pins the name at the target; without it, the group's name."),
			optional("target_id", typeString, "", "Picks the group to link to by its remote id."),
		), forEach),
	},
	{
		Type: "push_rule", Labels: []string{"name"},
		Description: "Mirrors every group that one of its matches fits, evaluated on every plan.",
		Arguments: pushArguments(
			required("app", typeApp, "The app."),
			optional("exclude", typeGroups, "", "Groups that are not pushed."),
		),
		Blocks: []BlockSpec{{
			Type: "match", Repeatable: true, Description: "Conditions on a group that must all hold; of several blocks one is enough.",
			Arguments: []ArgumentSpec{
				optional("name_prefix", typeString, "", "What the name begins with."),
				optional("name_suffix", typeString, "", "What the name ends with."),
				optional("name_contains", typeString, "", "What the name holds."),
				optional("name_regex", typeString, "", "An RE2 expression that the name matches."),
				optional("description_contains", typeString, "", "What the description holds."),
			},
		}},
	},
}

var provisioningBlock = BlockSpec{
	Type: "provisioning", Description: "Okta's three switches.",
	Arguments: []ArgumentSpec{
		optional("create_users", typeBool, "true", "Whether accounts are created."),
		optional("update_user_attributes", typeBool, "true", "Whether attributes are kept as declared."),
		optional("deactivate_users", typeBool, "true", "Whether accounts are deactivated; false wins over every verb."),
	},
}

var guardBlock = BlockSpec{
	Type: "guard", Description: "Limits what one plan, with the window before it, may take away.",
	Arguments: []ArgumentSpec{
		optional("max_deactivations", typeLimit, `"10%"`, "How many accounts may be deactivated: a count, or a share of what is owned."),
		optional("max_removals", typeLimit, `"25%"`, "How many memberships may be removed: a count, or a share of what is owned."),
		optional("floor", typeNumber, "3", "The count up to which a share never bites."),
		optional("window", typeDuration, `"24h"`, "How long earlier applies count: more than nothing, and 31 days (744h) at most."),
		optional("protected_users", typeUsers, "[]", "People who may not lose anything."),
		optional("protected_groups", typeGroups, "[]", "Groups that may not lose anything; names stand for groups at the target."),
	},
}

var careBlocks = []BlockSpec{
	{
		Type: "waiver", Labels: []string{"name"},
		Description: "A reviewed exception to a guard or a protection, with an end.",
		Arguments: []ArgumentSpec{
			required("app", typeApp, "The app."),
			anyOf("guard", "The guard's code; limit replaces its limit.", "max-deactivations", "max-removals", "newly-managed", "directory-shrank", guardStale),
			optional("limit", typeLimit, "", "The limit that holds instead: a count or a share and, for directory-stale, how old the directory may be, as in \"72h\"."),
			optional("protects", typeUserOrGroup, "", "The user or group whose protection is lifted, in place of guard and limit."),
			required("expires", typeTime, "When the exception ends."),
			required("reason", typeString, "Why, for those who review."),
		},
	},
	{
		Type:        "moved",
		Description: "Says that a block was renamed: ids in the state follow.",
		Arguments: []ArgumentSpec{
			required("from", typeAddress, "The address that the block had."),
			required("to", typeAddress, "The address that it has now."),
		},
	},
	{
		Type:        "adopt",
		Description: "Owns a remote object from now on.",
		Arguments: []ArgumentSpec{
			optional("app", typeApp, "", "The app, where there are several."),
			required("to", typeUserOrGroup, "The user or group that the object becomes."),
			required("id", typeString, "The object's remote id."),
		},
	},
	{
		Type:        "removed",
		Description: "Says what becomes of the objects of a block that is gone.",
		Arguments: []ArgumentSpec{
			required("from", typeAddress, "The address that the block had."),
			oneOf("on_remove", "What becomes of the objects: released, or one of the verbs of on_unassign and on_unpush.",
				"release", "deactivate", "delete", "keep", "empty", "leave"),
		},
	},
}

// policyBlocks say what must hold.
var policyBlocks = []BlockSpec{
	{
		Type: "policy", Labels: []string{"name"},
		Description: "What must hold of who has what, and of every plan.",
		Arguments: []ArgumentSpec{
			oneOf("severity", "What a failure is: an error blocks the plan, a warning and an info are said.", "error", "warning", "info"),
			optional("for_each", typeForEach, "", "Checks the assertions once for each element, as each.key and each.value; it may read effective and plan."),
		},
		Blocks: []BlockSpec{assertBlock},
	},
}

// testBlocks are those of files named *.test.hcl.
var testBlocks = []BlockSpec{
	{
		Type: "run", Labels: []string{"name"},
		Description: "One test, in a file named *.test.hcl: facts that it starts from, and what must then hold.",
		Arguments: []ArgumentSpec{
			optional("expect_failures", typePolicies, "", "The policies that must fail in this run; every other policy of severity error must hold."),
		},
		Blocks: []BlockSpec{
			{Type: "given", Kind: "user", Labels: []string{"kind", "name"}, Repeatable: true,
				Description: "What a person is like: a user block, somebody of a directory (by login), or somebody new.", Arguments: givenUserArguments()},
			{Type: "given", Kind: "group", Labels: []string{"kind", "name"}, Repeatable: true,
				Description: "What a group block is like.",
				Arguments: []ArgumentSpec{
					optional("name", typeString, "", "The group's name."),
					optional("description", typeString, "", "What the group is for."),
					optional("members", typeUsers, "", "Who is in it, in place of those that the block names."),
					optional("include_groups", typeGroups, "", "Whose members are in it, in place of those that the block names."),
					optional("absent", typeBool, "false", "The group is not there at all."),
				}},
			{Type: "given", Kind: "time", Labels: []string{"kind"}, Repeatable: true,
				Description: "The moment that starts and expires are compared with.",
				Arguments:   []ArgumentSpec{required("at", typeTime, "The moment, as in \"2026-12-31T18:00:00Z\".")}},
			assertBlock,
		},
	},
}

// givenUserArguments are those of a user, of which none is needed.
func givenUserArguments() []ArgumentSpec {
	args := slices.DeleteFunc(userArguments(), func(a ArgumentSpec) bool { return a.Name == "for_each" })
	for i := range args {
		args[i].Required, args[i].Default = false, ""
	}
	args[0].Description = "The login: for a user.NAME that is no block, that of somebody in a directory or of somebody new."
	return append(args, optional("absent", typeBool, "false", "The person is not there at all."))
}

var laterBlocks = []BlockSpec{
	{
		Type: "watch", Unsupported: true,
		Description: "How `rollcall watch` follows a repository.",
		Arguments: []ArgumentSpec{
			optional("repository", typeString, "", "The repository's URL."),
			optional("branch", typeString, "", "The branch."),
			optional("path", typeString, "", "The folder of the configuration."),
			optional("interval", typeDuration, "", "How often to look."),
			oneOf("apply", "What is applied without a person.", "none", "safe", "all"),
			optional("require_signed", typeBool, "false", "Whether commits must be signed."),
		},
		Blocks: []BlockSpec{{Type: "freeze", Repeatable: true, AnyArgument: true, Description: "A time in which nothing is applied."}},
	},
	{
		Type: "notify", Labels: []string{"kind", "name"}, Unsupported: true,
		Description: "Where word of changes goes.",
		Arguments: []ArgumentSpec{
			optional("url", typeSecret, "", "Where to."),
			optional("on", typeStrings, "", "What about."),
		},
	},
}

var assertBlock = BlockSpec{
	Type: "assert", Repeatable: true, Description: "One assertion. At least one is needed, unless the block expects a policy to fail.",
	Arguments: []ArgumentSpec{
		required("condition", typeFacts, "What must hold: true or false."),
		required("error_message", typeFacts, "What to say if it does not: a text."),
	},
}
