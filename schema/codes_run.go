package schema

// runCodes are about plans, state and the run itself.
var runCodes = [...]CodeDoc{
	{
		Code: "no-configuration", Severity: Error, Title: "There is no configuration in this folder",
		Text: `Neither the folder nor any below it has a file whose name ends with .hcl or .hcl.json; names that begin with
			. or _ and *.test.hcl do not count. That is no empty configuration but most likely the wrong folder, and
			"no changes" would be a lie. Go to the folder of your configuration, or name it with -chdir=DIR. "rollcall
			init -interactive" writes a first configuration.`,
	},
	{
		Code: "state-unavailable", Severity: Error, Title: "The state cannot be read or written",
		Text: `The ledger of what rollcall owns could not be opened, or what is there is no state. Nothing was planned:
			without the ledger nobody can tell what is ours to change. Check path and permissions, or address and
			credentials of the store. A store that would let two runs write at the same time is refused as well:
			"rollcall init" says what it lacks.`,
	},
	{
		Code: "state-damaged", Severity: Error, Title: "The state is not as it was written",
		Text: `What is kept as the state was read, and is no state with its journal: it was altered, cut short, or put
			back behind the journal of a newer one. Nothing was planned, and nothing is saved over it by itself.
			"rollcall state push -force BACKUP" puts a backup in its place, "rollcall state rebuild -replace" makes it
			anew from configuration and targets. Both take the lock, keep what is there under another name and say
			where, and write to no target. A store that cannot be read is not damaged: see state-unavailable.`,
	},
	{
		Code: "key-missing", Severity: Error, Title: "What is encrypted cannot be read with the keys of this run",
		Text: `State, journal, audit log and plan files are encrypted where the configuration has an encryption block, and this
			run has no key that opens them: none at all, that of somebody who is no recipient, or another passphrase. Nothing was
			written. Set ROLLCALL_AGE_IDENTITY, or ROLLCALL_AGE_IDENTITY_FILE to the path of an age identity file; with a
			passphrase, the variable that the block names. A run that could not read what it would write is refused as well. If
			the key is lost, restore the state from a backup in the open, or make it anew with "rollcall state rebuild", once
			state, journal and log are moved away.`,
	},
	{
		Code: "stale-plan", Severity: Error, Title: "The plan is not of this moment any more",
		Text: `The saved plan was made from a state, configuration or target that has changed since, or its file was
			altered. Applying it could undo what others did in between, so it is refused. Make a new plan and
			review that.`,
	},
	{
		Code: "log-broken", Severity: Error, Title: "The audit log is not as it was written",
		Text: `A record of the log was altered, taken out or put in, or its last records were cut off; the first such place
			is named. Records before it are sound. Nothing is applied behind an end that was altered: keep the log as it is
			for whoever looks into it, under another name, find out who could write there, and the next run begins a new
			one. Give that place to a store whose objects cannot be changed.`,
	},
	{
		Code: "log-unavailable", Severity: Error, Title: "The audit log cannot be written",
		Text: `An apply is announced in the log before its first request, and nothing is sent without. Its disk may be full,
			or its file not ours to write. Make room, or mend the permissions, and run again; what was done before, if
			anything, is in the state's journal. After "rollcall force-unlock" it says that the lock is broken and that the log
			does not tell of it.`,
	},
	{
		Code: "not-undone", Severity: Info, Title: "Something stays as it is although its apply is undone",
		Text: `An undo sets back only what is still as the apply left it, is owned, and can come back. What was changed since,
			by an apply or by hand, is somebody's newer decision; what was deleted has lost its id for good. The finding says
			which it is. Change the configuration, or the target, where it matters.`,
	},
	{
		Code: "undo-returns", Severity: Warning, Title: "The next apply takes the undo back",
		Text: `The configuration still asks for what is undone, so the next apply makes it again. An undo is for the minutes
			until the configuration is right: revert the commit that brought it, with "git revert", and keep automatic
			applies from running until that is merged.`,
	},
	{
		Code: "state-locked", Severity: Error, Title: "Somebody else is writing the state",
		Text: `Another run holds the lock; who, since when and for what is shown. Wait for it, or allow time with
			-lock-timeout=5m. If that run is dead, its lock in a file is free already, and elsewhere once its lease is
			over; "rollcall force-unlock ID" breaks it at once. What it had begun is in the journal and is not lost.`,
	},
	{
		Code: "disk-full", Severity: Error, Title: "A file could not be written for want of room",
		Text: `The disk is full, a quota or a limit of the size of files is used up, or the folder cannot be written at all.
			What was there before is as it was, and nothing is sent to a target that cannot be written down first.
			Make room, and run the same command again: what an apply had done is in the journal beside the state, so
			nothing is lost and nothing is done twice. Leave the journal where it is.`,
	},
}
