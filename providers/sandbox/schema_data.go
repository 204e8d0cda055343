package sandbox

// resourceTypes is the whole schema: RFC 7643, sections 3.1, 4.1, 4.2 and 4.3.
var resourceTypes = [kindCount]*resourceType{
	kindUser: {
		name: "User", endpoint: "/Users", urn: urnUser, description: "User Account",
		nameAttr: "userName", attrs: userAttributes(), common: commonAttributes(),
		extensions: []*attribute{enterpriseUser()},
	},
	kindGroup: {
		name: "Group", endpoint: "/Groups", urn: urnGroup, description: "Group",
		nameAttr: "displayName", attrs: groupAttributes(), common: commonAttributes(),
	},
}

func commonAttributes() []*attribute {
	schemas := reference("schemas", "The URNs of the schemas of this resource.", "uri")
	schemas.multi, schemas.returned = true, "always"
	id := exact(readOnly(text("id", "The identifier that the service gave the resource.")))
	id.returned, id.uniqueness = "always", "server"
	stamp := func(name, description string) *attribute {
		return &attribute{name: name, kind: typeDateTime, description: description}
	}
	return []*attribute{
		readOnly(schemas), id,
		exact(text("externalId", "The identifier that the provisioning client gave the resource.")),
		readOnly(complexOf("meta", "What the service knows about the resource.",
			exact(text("resourceType", "The name of the resource type.")),
			stamp("created", "When the resource was created."),
			stamp("lastModified", "When the resource was last changed."),
			reference("location", "The URI of the resource.", "uri"),
			exact(text("version", "The version of the resource, as in its ETag.")))),
	}
}

func userAttributes() []*attribute {
	userName := text("userName", "The name that the user signs in with; unique without regard to case.")
	userName.required, userName.uniqueness = true, "server"
	password := exact(text("password", "Accepted and forgotten: the sandbox keeps no secrets."))
	password.mutability, password.returned = "writeOnly", "never"
	return []*attribute{
		userName, userNameParts(),
		text("displayName", "The name of the user, suitable for display."),
		text("nickName", "The casual way to address the user."),
		reference("profileUrl", "The URL of the user's online profile.", "external"),
		text("title", "The user's title, such as Vice President."),
		text("userType", "The relationship between the organization and the user."),
		text("preferredLanguage", "The user's preferred languages, as in Accept-Language."),
		text("locale", "The user's default location, such as en-US."),
		text("timezone", "The user's time zone, such as America/Los_Angeles."),
		{name: "active", kind: typeBoolean, description: "The user's administrative status."},
		password,
		plural("emails", "E-mail addresses of the user.", text("value", "The address."), "work", "home", "other"),
		plural("phoneNumbers", "Phone numbers of the user.", text("value", "The number."), "work", "home", "mobile", "fax", "pager", "other"),
		plural("ims", "Instant messaging addresses of the user.", text("value", "The address."), "aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"),
		plural("photos", "URLs of photos of the user.", reference("value", "The URL.", "external"), "photo", "thumbnail"),
		addresses(), userGroups(),
		plural("entitlements", "Entitlements of the user.", text("value", "The entitlement.")),
		plural("roles", "Roles of the user.", text("value", "The role.")),
		plural("x509Certificates", "Certificates of the user.", &attribute{name: "value", kind: typeBinary, description: "The DER certificate, in base64.", caseExact: true}),
	}
}

func userNameParts() *attribute {
	return complexOf("name", "The components of the user's name.",
		text("formatted", "The full name, formatted for display."),
		text("familyName", "The family name."),
		text("givenName", "The given name."),
		text("middleName", "The middle names."),
		text("honorificPrefix", "The honorific prefix, such as Ms."),
		text("honorificSuffix", "The honorific suffix, such as III."))
}

func addresses() *attribute {
	label := text("type", "A label indicating the attribute's function.")
	label.canonical = []string{"work", "home", "other"}
	a := complexOf("addresses", "Physical addresses of the user.",
		text("formatted", "The full address, formatted for display."),
		text("streetAddress", "The street address."),
		text("locality", "The city or locality."),
		text("region", "The state or region."),
		text("postalCode", "The postal code."),
		text("country", "The country, as an ISO 3166-1 alpha-2 code."),
		label,
		&attribute{name: "primary", kind: typeBoolean, description: "Whether this is the preferred value; at most one value is."})
	a.multi = true
	return a
}

func userGroups() *attribute {
	label := text("type", "Whether the membership is direct or through another group.")
	label.canonical = []string{"direct", "indirect"}
	a := complexOf("groups", "The groups that the user is in; changed through the groups.",
		exact(text("value", "The id of the group.")),
		reference("$ref", "The URI of the group.", "User", "Group"),
		text("display", "The name of the group."), label)
	a.multi = true
	return readOnly(a)
}

func groupAttributes() []*attribute {
	name := text("displayName", "The name of the group.")
	name.required = true
	label := immutable(text("type", "The type of the member."))
	label.canonical = []string{"User", "Group"}
	members := complexOf("members", "The members of the group.",
		immutable(exact(text("value", "The id of the member."))),
		immutable(reference("$ref", "The URI of the member.", "User", "Group")),
		label,
		readOnly(text("display", "The name of the member.")))
	members.multi = true
	return []*attribute{name, members}
}

func enterpriseUser() *attribute {
	manager := complexOf("manager", "The user's manager.",
		exact(text("value", "The id of the manager.")),
		reference("$ref", "The URI of the manager.", "User"),
		readOnly(text("displayName", "The name of the manager.")))
	a := complexOf(urnEnterprise, "Enterprise User",
		text("employeeNumber", "The number that the organization gave the user."),
		text("costCenter", "The cost center."),
		text("organization", "The organization."),
		text("division", "The division."),
		text("department", "The department."), manager)
	a.extension = true
	return a
}
