package load

// Code says what kind of problem it is, the same in every version. docs/rules.md
// lists all with their meanings.
type Code string

// Codes of errors: the file is not used.
const (
	unreadable      Code = "Unreadable"      // there is no text at all
	badSyntax       Code = "BadSyntax"       // not YAML (or JSON)
	notUTF8         Code = "NotUTF8"         // bytes that are no UTF-8 text, or control characters
	fileTooLarge    Code = "FileTooLarge"    // over MaxFileSize
	tooManyAliases  Code = "TooManyAliases"  // aliases that unfold to more than maxValues values
	tooManyValues   Code = "TooManyValues"   // more than YAML's parser has memory for
	tooManyProblems Code = "TooManyProblems" // the rest is not listed
	emptyFile       Code = "EmptyFile"       // no document
	manyDocuments   Code = "ManyDocuments"   // more than one document
	badAPIVersion   Code = "BadAPIVersion"
	badKind         Code = "BadKind"

	missingKey    Code = "MissingKey"
	unknownKey    Code = "UnknownKey"
	duplicateKey  Code = "DuplicateKey"
	wrongType     Code = "WrongType" // also a key without a value
	unknownChoice Code = "UnknownChoice"
	badName       Code = "BadName"
	duplicateName Code = "DuplicateName"

	emptyDestinations Code = "EmptyDestinations"
	unknownMiddleware Code = "UnknownMiddleware"
	badPort           Code = "BadPort"
	badCIDR           Code = "BadCIDR"
	badHost           Code = "BadHost"
	badNamespace      Code = "BadNamespace"
	badSelector       Code = "BadSelector"
	emptyList         Code = "EmptyList" // where at least one item is required

	emptyStrategy             Code = "EmptyStrategy"
	badDuration               Code = "BadDuration"
	badIdleTimeout            Code = "BadIdleTimeout"
	badDrainDuration          Code = "BadDrainDuration"
	badKeepalive              Code = "BadKeepalive"
	scopeWithoutIdleTimeout   Code = "ScopeWithoutIdleTimeout"
	scopeWithoutDestinations  Code = "ScopeWithoutDestinations"
	tooManyDestinations       Code = "TooManyDestinations"
	bypassBesideOtherStrategy Code = "BypassBesideOtherStrategy"
	bypassWithoutPorts        Code = "BypassWithoutPorts"
	bypassWithoutCIDRs        Code = "BypassWithoutCIDRs"
	tooManyPorts              Code = "TooManyPorts"
	tooManyCIDRs              Code = "TooManyCIDRs"
	protectedPort             Code = "ProtectedPort"
	broadCIDR                 Code = "BroadCIDR"
	anyAddress                Code = "AnyAddress"
)

// Codes of warnings: the file is used.
const (
	noRules                     Code = "NoRules"
	hostBitsSet                 Code = "HostBitsSet"
	noIdleTimeout               Code = "NoIdleTimeout"
	keepaliveWithoutIdleTimeout Code = "KeepaliveWithoutIdleTimeout"
	longDrainDuration           Code = "LongDrainDuration"
	bypassesWholePorts          Code = "BypassesWholePorts"
	hostsDoNotNarrow            Code = "HostsDoNotNarrow"
	cidrsDoNotNarrow            Code = "CIDRsDoNotNarrow"
	portsDoNotNarrow            Code = "PortsDoNotNarrow"
	destinationsDoNotNarrow     Code = "DestinationsDoNotNarrow"
	bypassByReference           Code = "BypassByReference"
	neverMatches                Code = "NeverMatches"
	conflictingRules            Code = "ConflictingRules"
	// NeedsMeshObject is about a key that does nothing without an object in the
	// mesh. Who makes that object need not be told.
	NeedsMeshObject Code = "NeedsMeshObject"
)
