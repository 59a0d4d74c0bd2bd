package faults

import "slices"

// S3Code is an error code of S3 with what goes with it on the wire. Source:
// the "List of error codes" of the Amazon S3 API reference (ErrorResponses).
type S3Code struct {
	Code    string
	Status  int    // HTTP status
	Message string // the text that S3 sends for people
}

// LookupS3Code finds an error code; codes are case-sensitive.
func LookupS3Code(code string) (S3Code, bool) {
	i, found := slices.BinarySearchFunc(s3Codes[:], code, func(c S3Code, code string) int {
		switch {
		case c.Code < code:
			return -1
		case c.Code > code:
			return 1
		}
		return 0
	})
	if !found {
		return S3Code{}, false
	}
	return s3Codes[i], true
}

// S3Codes returns every error code that an effect can name, sorted.
func S3Codes() []S3Code { return slices.Clone(s3Codes[:]) }

// s3Codes is sorted by code.
var s3Codes = [...]S3Code{
	{"AccessControlListNotSupported", 400, "The bucket does not allow ACLs"},
	{"AccessDenied", 403, "Access Denied"},
	{"AccountProblem", 403, "There is a problem with your AWS account that prevents the operation from completing successfully."},
	{"AllAccessDisabled", 403, "All access to this object has been disabled"},
	{"AmbiguousGrantByEmailAddress", 400, "The email address you provided is associated with more than one account."},
	{"AuthorizationHeaderMalformed", 400, "The authorization header that you provided is not valid."},
	{"AuthorizationQueryParametersError", 400, "The authorization query parameters that you provided are not valid."},
	{"BadDigest", 400, "The Content-MD5 you specified did not match what we received."},
	{"BadRequest", 400, "Bad Request"},
	{"BandwidthLimitExceeded", 509, "Bandwidth Limit Exceeded"},
	{"BucketAlreadyExists", 409, "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again."},
	{"BucketAlreadyOwnedByYou", 409, "Your previous request to create the named bucket succeeded and you already own it."},
	{"BucketNotEmpty", 409, "The bucket you tried to delete is not empty"},
	{"ClientTokenConflict", 409, "Your Multi-Region Access Point idempotency token was already used for a different request."},
	{"ConditionalRequestConflict", 409, "The conditional request cannot succeed due to a conflicting operation against this resource."},
	{"CredentialsNotSupported", 400, "This request does not support credentials."},
	{"CrossLocationLoggingProhibited", 403, "Cross-location logging not allowed."},
	{"EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size"},
	{"EntityTooSmall", 400, "Your proposed upload is smaller than the minimum allowed size"},
	{"ExpiredToken", 400, "The provided token has expired."},
	{"IllegalLocationConstraintException", 400, "The specified location constraint is incompatible for the region specific endpoint this request was sent to."},
	{"IllegalVersioningConfigurationException", 400, "The versioning configuration specified in the request is invalid."},
	{"IncompleteBody", 400, "You did not provide the number of bytes specified by the Content-Length HTTP header"},
	{"IncorrectNumberOfFilesInPostRequest", 400, "POST requires exactly one file upload per request."},
	{"InlineDataTooLarge", 400, "Inline data exceeds the maximum allowed size."},
	{"InternalError", 500, "We encountered an internal error. Please try again."},
	{"InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."},
	{"InvalidAddressingHeader", 400, "You must specify the Anonymous role."},
	{"InvalidArgument", 400, "Invalid Argument"},
	{"InvalidBucketName", 400, "The specified bucket is not valid."},
	{"InvalidBucketState", 409, "The request is not valid with the current state of the bucket."},
	{"InvalidDigest", 400, "The Content-MD5 you specified was invalid."},
	{"InvalidEncryptionAlgorithmError", 400, "The encryption request you specified is not valid."},
	{"InvalidLocationConstraint", 400, "The specified location-constraint is not valid"},
	{"InvalidObjectState", 403, "The operation is not valid for the object's storage class"},
	{"InvalidPart", 400, "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."},
	{"InvalidPartOrder", 400, "The list of parts was not in ascending order. Parts must be ordered by part number."},
	{"InvalidPayer", 403, "All access to this object has been disabled."},
	{"InvalidPolicyDocument", 400, "The content of the form does not meet the conditions specified in the policy document."},
	{"InvalidRange", 416, "The requested range is not satisfiable"},
	{"InvalidRequest", 400, "Invalid Request"},
	{"InvalidSecurity", 403, "The provided security credentials are not valid."},
	{"InvalidStorageClass", 400, "The storage class you specified is not valid"},
	{"InvalidTag", 400, "The tag provided was not a valid tag."},
	{"InvalidTargetBucketForLogging", 400, "The target bucket for logging does not exist, is not owned by you, or does not have the appropriate grants for the log-delivery group."},
	{"InvalidToken", 400, "The provided token is malformed or otherwise invalid."},
	{"InvalidURI", 400, "Couldn't parse the specified URI."},
	{"KMS.DisabledException", 400, "The request was rejected because the specified KMS key is not enabled."},
	{"KMS.KeyUnavailableException", 500, "The request was rejected because the specified KMS key was not available."},
	{"KMS.ThrottlingException", 400, "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."},
	{"KeyTooLongError", 400, "Your key is too long"},
	{"MalformedACLError", 400, "The XML you provided was not well-formed or did not validate against our published schema"},
	{"MalformedPOSTRequest", 400, "The body of your POST request is not well-formed multipart/form-data."},
	{"MalformedXML", 400, "The XML you provided was not well-formed or did not validate against our published schema"},
	{"MaxMessageLengthExceeded", 400, "Your request was too large."},
	{"MaxPostPreDataLengthExceededError", 400, "Your POST request fields preceding the upload file were too large."},
	{"MetadataTooLarge", 400, "Your metadata headers exceed the maximum allowed metadata size"},
	{"MethodNotAllowed", 405, "The specified method is not allowed against this resource."},
	{"MissingContentLength", 411, "You must provide the Content-Length HTTP header."},
	{"MissingRequestBodyError", 400, "Request Body is empty"},
	{"MissingSecurityHeader", 400, "Your request was missing a required header"},
	{"NoSuchBucket", 404, "The specified bucket does not exist"},
	{"NoSuchBucketPolicy", 404, "The bucket policy does not exist"},
	{"NoSuchCORSConfiguration", 404, "The CORS configuration does not exist"},
	{"NoSuchKey", 404, "The specified key does not exist."},
	{"NoSuchLifecycleConfiguration", 404, "The lifecycle configuration does not exist"},
	{"NoSuchTagSet", 404, "The TagSet does not exist"},
	{"NoSuchUpload", 404, "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."},
	{"NoSuchVersion", 404, "The specified version does not exist."},
	{"NoSuchWebsiteConfiguration", 404, "The specified bucket does not have a website configuration"},
	{"NotImplemented", 501, "A header you provided implies functionality that is not implemented"},
	{"NotSignedUp", 403, "Your account is not signed up for the Amazon S3 service. You must sign up before you can use Amazon S3."},
	{"ObjectLockConfigurationNotFoundError", 404, "Object Lock configuration does not exist for this bucket"},
	{"OperationAborted", 409, "A conflicting conditional operation is currently in progress against this resource. Please try again."},
	{"PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold"},
	{"RequestHeaderSectionTooLarge", 400, "Your request header section exceeds the maximum allowed size."},
	{"RequestIsNotMultiPartContent", 400, "Bucket POST must be of the enclosure-type multipart/form-data."},
	{"RequestTimeTooSkewed", 403, "The difference between the request time and the current time is too large."},
	{"RequestTimeout", 400, "Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed."},
	{"RequestTorrentOfBucketError", 400, "Requesting the torrent file of a bucket is not permitted."},
	{"RestoreAlreadyInProgress", 409, "Object restore is already in progress"},
	{"ServerSideEncryptionConfigurationNotFoundError", 404, "The server side encryption configuration was not found"},
	{"ServiceUnavailable", 503, "Service is unable to handle request."},
	{"SignatureDoesNotMatch", 403, "The request signature we calculated does not match the signature you provided. Check your key and signing method."},
	{"SlowDown", 503, "Please reduce your request rate."},
	{"Throttling", 400, "Rate exceeded"},
	{"TokenRefreshRequired", 400, "The provided token must be refreshed."},
	{"TooManyBuckets", 400, "You have attempted to create more buckets than allowed"},
	{"TooManyParts", 400, "You have attempted to create more parts than allowed"},
	{"UnexpectedContent", 400, "This request does not support content."},
	{"UnresolvableGrantByEmailAddress", 400, "The email address you provided does not match any account on record."},
	{"UserKeyMustBeSpecified", 400, "The bucket POST must contain the specified field name. If it is specified, check the order of the fields."},
	{"XAmzContentSHA256Mismatch", 400, "The provided 'x-amz-content-sha256' header does not match what was computed."},
}
