package schema

// runCodes are about plans, state and the run itself.
var runCodes = [...]CodeDoc{
	{
		Code: "stale-plan", Severity: Error, Title: "The plan is not of this moment any more",
		Text: `The saved plan was made from a state, configuration or target that has changed since, or its file was
			altered. Applying it could undo what others did in between, so it is refused. Make a new plan and
			review that.`,
	},
	{
		Code: "state-locked", Severity: Error, Title: "Somebody else is writing the state",
		Text: `Another run holds the lock; who, since when and for what is shown. Wait for it, or allow time with
			-lock-timeout=5m. If that run is dead, "rollcall force-unlock ID" breaks its lock; what it had begun is
			in the journal and is not lost.`,
	},
}
