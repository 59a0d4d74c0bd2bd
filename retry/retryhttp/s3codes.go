package retryhttp

// s3Codes are S3's error codes by the status that they come with.
var s3Codes = [...]struct {
	status int
	codes  []string
}{
	{400, []string{
		"AccessControlListNotSupported", "AmbiguousGrantByEmailAddress", "AuthorizationHeaderMalformed",
		"AuthorizationQueryParametersError", "BadDigest", "BadRequest", "CredentialsNotSupported", "EntityTooLarge",
		"EntityTooSmall", "ExpiredToken", "IllegalLocationConstraintException",
		"IllegalVersioningConfigurationException", "IncompleteBody", "IncorrectNumberOfFilesInPostRequest",
		"InlineDataTooLarge", "InvalidAddressingHeader", "InvalidArgument", "InvalidBucketName", "InvalidDigest",
		"InvalidEncryptionAlgorithmError", "InvalidLocationConstraint", "InvalidPart", "InvalidPartOrder",
		"InvalidPolicyDocument", "InvalidRequest", "InvalidStorageClass", "InvalidTag",
		"InvalidTargetBucketForLogging", "InvalidToken", "InvalidURI", "KMS.DisabledException",
		"KMS.ThrottlingException", "KeyTooLongError", "MalformedACLError", "MalformedPOSTRequest", "MalformedXML",
		"MaxMessageLengthExceeded", "MaxPostPreDataLengthExceededError", "MetadataTooLarge",
		"MissingRequestBodyError", "MissingSecurityHeader", "RequestHeaderSectionTooLarge",
		"RequestIsNotMultiPartContent", "RequestTimeout", "RequestTorrentOfBucketError", "Throttling",
		"TokenRefreshRequired", "TooManyBuckets", "TooManyParts", "UnexpectedContent",
		"UnresolvableGrantByEmailAddress", "UserKeyMustBeSpecified", "XAmzContentSHA256Mismatch",
	}},
	{403, []string{
		"AccessDenied", "AccountProblem", "AllAccessDisabled", "CrossLocationLoggingProhibited",
		"InvalidAccessKeyId", "InvalidObjectState", "InvalidPayer", "InvalidSecurity", "NotSignedUp",
		"RequestTimeTooSkewed", "SignatureDoesNotMatch",
	}},
	{404, []string{
		"NoSuchBucket", "NoSuchBucketPolicy", "NoSuchCORSConfiguration", "NoSuchKey", "NoSuchLifecycleConfiguration",
		"NoSuchTagSet", "NoSuchUpload", "NoSuchVersion", "NoSuchWebsiteConfiguration",
		"ObjectLockConfigurationNotFoundError", "ServerSideEncryptionConfigurationNotFoundError",
	}},
	{405, []string{
		"MethodNotAllowed",
	}},
	{409, []string{
		"BucketAlreadyExists", "BucketAlreadyOwnedByYou", "BucketNotEmpty", "ClientTokenConflict",
		"ConditionalRequestConflict", "InvalidBucketState", "OperationAborted", "RestoreAlreadyInProgress",
	}},
	{411, []string{
		"MissingContentLength",
	}},
	{412, []string{
		"PreconditionFailed",
	}},
	{416, []string{
		"InvalidRange",
	}},
	{500, []string{
		"InternalError", "KMS.KeyUnavailableException",
	}},
	{501, []string{
		"NotImplemented",
	}},
	{503, []string{
		"ServiceUnavailable", "SlowDown",
	}},
	{509, []string{
		"BandwidthLimitExceeded",
	}},
}
